package audit

// MergeWithin is Merge with another bound than its own.
func MergeWithin(bound int, primary, replica Stream, spill Spill, yield func(Pair) error) error {
	return merge(primary, replica, spill, bound, yield)
}
