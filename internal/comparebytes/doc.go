// Package comparebytes is the use case of the compare-bytes function, which is
// in the primary region: it lets hash-bytes read both sides of an object version,
// each in its own region, and compares the digests. It answers with facts,
// verdict.Bytes; package verdict rules by them. It has three operations:
//
//	compare   an object of one range is compared at once; for a larger one the
//	          plan is written to the working bucket: the list of ranges that a
//	          Distributed Map reads (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html)
//	range     compares one range of a plan
//	conclude  reads what the Distributed Map wrote of all ranges, and adds it up
//
// CompareList compares ranges of many pairs, each side of many by one invocation. It is
// no operation: it is for a caller that reads everything again in turns.
//
// What S3 answers instead of a side's bytes is data, so that one range that is
// denied costs the others nothing. A side that was denied or unreachable is first
// asked again, within the invocation: see readSide. What keeps hash-bytes itself
// from answering, such as throttling, is no answer of S3 but an error of
// compare-bytes, which the state machine retries.
//
// Step Functions' 256 KiB hold: to the batch an answer adds less than 1 KiB or a
// plan, which is as large as a key and two places, and the list of ranges and
// their results are in the working bucket.
package comparebytes
