package audit

import (
	"fmt"
	"maps"
	"slices"

	"autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
)

// What S3 charges for a job of Batch Operations that computes checksums, in dollars, and for a
// million objects in it, beside a price for each GB (https://aws.amazon.com/s3/pricing/).
const checksumJob, checksumObjects = 0.25, 1.00

// archives are the storage classes whose objects can't be read without being restored.
var archives = []string{"GLACIER", "DEEP_ARCHIVE"}

// scrubNotes tells what was read in turns, and what bounds what it shows.
func scrubNotes(s audit.Scrub) (all []string) {
	note := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	note("the bytes of %d versions, %s, were read on both sides for about %s, and those of %d were equal; what was not is read again in each audit",
		s.Versions, sized(s.Bytes), price.Text(s.Dollars), s.Equal)
	if s.All.Versions > 0 {
		note("of the bytes that can be read, %.1f %% were read and equal within %d days; no byte was unread for more than %.0f days since the first scrub", 100*s.Within, s.Days, s.Oldest)
	}
	if s.Behind > 0 {
		why := "no audit came in time, or parts were not read, or the money was spent on more than usual"
		switch {
		case s.Why != "":
			why = s.Why
		case s.Dear > 0:
			why = fmt.Sprintf("%d of them cost more than there ever is of the %s a month that it may cost", s.Dear, price.Text(s.Monthly))
		case s.Needed > s.Monthly:
			why = fmt.Sprintf("that takes about %s a month, and %s is what it may cost", price.Text(s.Needed), price.Text(s.Monthly))
		}
		note("%d parts in 1,000 of the versions are not read once in %d days: %s", s.Behind, s.Days, why)
	}
	for _, class := range slices.Sorted(maps.Keys(s.LeftOut)) {
		l := s.LeftOut[class]
		if slices.Contains(archives, class) {
			note("%d versions, %s, are in %s and were never read: a job of S3 Batch Operations that computes checksums reads them without a restore, for about %s on each side and what S3 charges for a GB",
				l.Versions, sized(l.Bytes), class, price.Text(checksumJob+float64(l.Versions)/1e6*checksumObjects))
			continue
		}
		note("%d versions, %s, are in %s and were not read: once costs about %s; ScrubClasses names the classes that are read", l.Versions, sized(l.Bytes), class, price.Text(l.Dollars))
	}
	return all
}

// sized is a number of bytes in GB.
func sized(bytes int64) string { return fmt.Sprintf("%.2f GB", float64(bytes)/price.GB) }
