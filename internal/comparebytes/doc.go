// Package comparebytes is the use case of the compare-bytes function, which is
// in the primary region: it lets hash-bytes read both sides of an object version,
// each in its own region, and compares the digests. It has three operations:
//
//	compare   an object of one range is read and judged at once; for a larger one
//	          the plan is written to the working bucket: the list of ranges that a
//	          Distributed Map reads (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html)
//	range     compares one range of a plan
//	conclude  reads what the Distributed Map wrote of all ranges, and judges
//
// The answer of each but a range's is a verdict, in the message that is judged.
// What a side answers instead of its bytes is data, so that one range that is
// denied costs the others nothing. A side that was denied or unreachable is an
// error that the state machine retries, until the retries it tells of reach
// DeniedRetries or UnreachableRetries; then it is data, too. So no operation ever
// ends in a verdict on content that rests on anything but bytes read on both sides.
//
// Step Functions' 256 KiB hold: an answer is under 2 KiB, whatever the object's
// size, and the list of ranges and their results are in the working bucket.
package comparebytes
