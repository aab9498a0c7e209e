// Package keep brings facts, which functions leave in the working bucket as they come to an
// ending, into the evidence bucket: files of whole hours, and a manifest for each day
// (docs/decisions/0066). What was put, written or deleted before and is again changes nothing.
package keep
