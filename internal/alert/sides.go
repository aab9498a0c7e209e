package alert

import (
	"regexp"
	"slices"

	"autobackup/internal/verdict"
)

// side is where one copy of an object version should be.
type side struct{ bucket, region string }

// place is how package verdict names a replica in a detail. A parked message
// keeps nothing else that tells where the replicas are, as its body names the
// primary only.
var place = regexp.MustCompile(`\breplica ([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]) \((region unknown|[a-z0-9-]{1,32})\)`)

// sides finds the replicas that a detail names.
func sides(detail string) []side {
	var found []side
	for _, match := range place.FindAllStringSubmatch(detail, -1) {
		if s := (side{match[1], match[2]}); len(found) < verdict.MaxReplicas && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return found
}

func (s side) String() string { return s.bucket + " (" + s.region + ")" }
