// Package beat is the use case of the heartbeat function. On a schedule it puts objects of
// the stage's own (package heartbeat), which go the way of every upload, so that a validation
// in which nothing happens can be told from one that does not work; and it has the deployed
// functions find what is wrong on purpose:
//
//   - the replica of the heartbeat before is deleted by its version id, and the version goes
//     to the validation queue again. Two contents never share a version id on S3, so that a
//     loss can be planted there and a difference can't;
//   - compare-etags is handed a look with sides that differ;
//   - hash-bytes reads two heartbeats that differ, and their replicas.
//
// It remembers nothing: a heartbeat has the same two keys each time, and what is under them
// are the versions of the time before. It deletes no version of the primary; lifecycle does.
package beat
