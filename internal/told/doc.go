// Package told holds the rules of one sender of e-mails: what operators were
// told, what they are to be told next, and when. It is pure: the Memory travels
// as JSON, and the time comes as a parameter.
//
// What is told once. A finding is one failed version and one replica, or the
// version alone where its primary decides. It is told once a day for each kind of
// reason; that a replica is missing is one kind, whatever the reason for it. A
// version that fails again after an operator had it looked at or told again is a
// new finding.
//
// How it is told. Findings of one reason, in the same two buckets, for the same
// reason that S3 gives, are one Cause. It begins with its first finding and ends
// when none has come for Quiet.
//
//	fewer than Many versions so far   Single: each version is named once
//	Many and more                     Alike: told once, with how many and since
//	                                  when; further ones are only counted
//	Alike, and none came for Quiet    Over: told once, with how many there were
//
// When it is told. The first e-mail goes at once. Each one then keeps a distance
// from the one before, which grows with the number of e-mails of the last hours
// (see pauses). So ten minutes of failures make at most eight e-mails until an
// hour after the last, whatever their shape; the alarms share the rest of what a
// storm may send (docs/decisions/0018). Whoever keeps the memory asks Due for the
// time to come back at, and is never needed while nothing is open.
//
// Who sends it. An e-mail is claimed in the memory before it is published, so that
// two who share a memory send one at a time, and so that an e-mail outlives its
// sender: a claim older than Lease is whoever's comes next.
package told
