// Package scrub says whose bytes are due to be read again, so that the bytes of every
// object version are read once in so many days, in turns and within a budget.
//
// The versions of a bucket are cut into slices by a hash that S3's version ids go into, so
// that nobody can choose when what he wrote is read. A slice has its turn as a whole: when
// each was read last is all that is kept, and it proves what was covered.
package scrub
