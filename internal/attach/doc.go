// Package attach says of a bucket that exists whether its uploads can be validated, what
// would be changed of it, and what of that may be taken back. It is handed what was read,
// makes no call, and reads no clock.
//
// Of a bucket two things are changed at most: EventBridge is turned on, and S3's
// notification of failed replications goes to the stage's failure queue, where a rule has
// the metrics without which S3 sends none. Everything else in the bucket's configuration is
// somebody else's, and stays as it is.
package attach
