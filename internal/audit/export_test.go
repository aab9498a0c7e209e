package audit

// MergeWithin is Merge with another bound than its own.
func MergeWithin(bound int, primary, replica Stream, spill Spill, yield func(Pair) error) error {
	return merge(primary, replica, spill, bound, &Pause{}, yield)
}

// MergePausedWithin is MergePaused with another bound than its own.
func MergePausedWithin(bound int, primary, replica Stream, spill Spill, pause *Pause, yield func(Pair) error) error {
	return merge(primary, replica, spill, bound, pause, yield)
}
