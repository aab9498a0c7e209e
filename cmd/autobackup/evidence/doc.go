// Package evidence reads evidence from a folder or a bucket: whether it is as it was
// written, and what it shows of a span of days, for an auditor.
package evidence
