// Package listing reads the versions and delete markers of a bucket with
// ListObjectVersions, in S3's order: keys ascending by the bytes of their UTF-8, the
// newest version of a key first. Requests are the AWS SDK's, with its signing, retries
// and errors; pages are read by this package, because the SDK parts versions from
// markers and takes many times the processor time. A page that is cut off, can't be read or
// contradicts what was asked for is an error and never a gap.
package listing
