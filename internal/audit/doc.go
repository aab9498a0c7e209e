// Package audit compares all versions of two buckets: two sorted listings go in,
// every version comes out in exactly one category, with a reason. It does no I/O and
// reads no clock; what a listing leaves open, a look at both sides shows, and package
// verdict judges it as it judges uploads.
package audit
