package alert

// Rows tells, for each row of words, its reason and what it says happened.
func Rows() (all [][2]string) {
	for _, r := range rows {
		all = append(all, [2]string{string(r.reason), r.what})
	}
	return all
}
