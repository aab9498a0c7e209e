// Package operations records, in the working bucket of a stage, what people did with messages: who,
// when, what and why, by which filter, and each message (docs/decisions/0014-operations.md). So
// whoever takes over sees it, and the next run knows which messages of executions were sent before.
//
// An operation is a folder below operations/ whose name begins with its time. begin.json is written
// before anything is changed, a page of messages as they are sent or before they are deleted, and
// end.json when it is over. Each name is written once, and nothing is ever changed or deleted: the
// bucket's lifecycle removes it after 400 days.
package operations
