// Package discover shows which buckets of an account are replicated and validated, and
// which are not. It makes calls that read, and no others; permissions.go has them all.
//
// Facts come from calls.go and others.go; what follows from them (judge.go, coverage.go)
// makes no call.
package discover
