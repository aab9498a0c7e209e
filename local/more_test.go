package local_test

import "flag"

// more is whether tests of which the whole takes hours, or more than it shows, go as far as .ci/run
// has them go, and not only as far as each change of the code needs:
//
//	go test ./local -more
var more = flag.Bool("more", false, "try more: four times the share of faults, pairs and kills, and each task, denial, quota and storm in every way")

// share is how many of those that -more tries are tried: by default a quarter, but at least one of any.
func share(most int) int {
	if *more {
		return most
	}
	return (most + 3) / 4
}
