// Package digest is what is known of an object's content after reading it: one
// digest a block, and CRC64NVME of every range, from which that of the whole
// object follows. It is pure. This comment is the reference for its numbers.
//
// An object of up to 50 TB (taken as 50 TiB, 51,200 GiB:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html) is cut into
// ranges of RangeSize, a range into blocks of BlockSize. Range and block i of an
// object start at i times their size; only the last is shorter. A block is one
// GET, one digest, and what a mismatch names.
//
//	network of a Lambda function    75 MB/s   (600 Mbit/s, docs/decisions/0025)
//	RangeSize 4 GiB                 57 s at that rate, 229 s at a quarter of it:
//	                                within the 240 s that hash-bytes is given, for
//	                                which compare-bytes waits up to 270 s. At the
//	                                usual rate that leaves time to read a side again
//	50 TiB                          12,800 ranges: children of a Distributed Map,
//	                                each with a history of its own, since the
//	                                parent's 25,000 events would not hold them
//	                                (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
//	                                They are of the type STANDARD, which lasts as
//	                                long as retries do
//	plan of 12,800 ranges           65 bytes of JSON each: 0.8 MB, in a bucket
//	BlockSize 16 MiB                the larger of the sizes S3 advises for ranged
//	                                GETs (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html):
//	                                3.3 million GETs for 50 TiB, $1.31 a side
//	digests of a range              256 of 32 bytes, in base64 10.9 KB: far below
//	                                Lambda's 6 MB and the workflow's 256 KiB
package digest
