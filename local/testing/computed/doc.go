// Package computed is an S3 of two buckets, a primary and its replica, whose versions
// are computed from their numbers: ten million of them take no memory and no time to
// make. It is for measuring and testing what reads whole buckets, and answers only
// what such a reader asks: ListObjectVersions, HeadObject of a version, HeadBucket,
// and a bucket's replication, versioning, encryption and lifecycle. All else is
// answered 501.
//
// Rows, which are versions and delete markers, are numbered as S3 lists them: by the
// UTF-8 bytes of their keys, then the newest first. One key has a tenth of all rows;
// of the others seven have ten rows together. One row in twenty is a delete marker.
// Both buckets have the same rows, but for those that differ as a Kind says, and for
// versions of the large key that were written in the same millisecond: their order
// is another one in the replica.
package computed
