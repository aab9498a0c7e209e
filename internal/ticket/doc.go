// Package ticket makes events for programs that keep tickets: one for each object version
// and replica that failed, one for each that is over, and one for audits that have something to
// tell. It is pure; package notify puts the former on an event bus, and the workflow of audits
// the latter. docs/events.md is their reference, and event.schema.json their schema.
//
// An event may come twice, late, or out of order: SQS and EventBridge promise no more
// than that it comes
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html). So that this
// does no harm, each about a version has a DedupKey, which is the same of what failed and of
// what is over, and a Time, which is the same whenever the event is made again of the same
// message: of two events with one key, the later one is true. Audits are told apart by their
// Execution.
//
// What is over. A version is looked at again where somebody moves its parked message back.
// Then each replica is over that was verified or that is not to hold the version; where
// the version itself is verified or skipped, all are. A version can be told as over in a
// replica that never failed, because a message does not always say of which it was told.
package ticket
