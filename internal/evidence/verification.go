package evidence

import (
	"fmt"
	"strings"
)

// Kind is a sort of problem, in words.
type Kind string

// The kinds.
const (
	MissingFile     Kind = "file missing"
	ChangedFile     Kind = "file changed"
	ExtraFile       Kind = "file in no manifest"
	MissingManifest Kind = "manifest missing"
	BrokenChain     Kind = "chain broken"
	OutOfOrder      Kind = "out of order"
	WrongClock      Kind = "clock wrong"
	WrongCounts     Kind = "counts do not sum"
	OutsideHour     Kind = "record outside its hour"
	OtherStage      Kind = "of another deployment"
	Unreadable      Kind = "unreadable"
)

// Kinds are all there are.
func Kinds() []Kind {
	return []Kind{MissingFile, ChangedFile, ExtraFile, MissingManifest, BrokenChain, OutOfOrder, WrongClock, WrongCounts, OutsideHour, OtherStage, Unreadable}
}

// Problem is something that is not as it was written, or was written wrongly.
type Problem struct {
	Kind     Kind   `json:"kind"`
	Name     string `json:"name"`     // of the file or manifest, as it is: whoever may write there chose it
	Sentence string `json:"sentence"` // what is wrong, for people; it has no key of an object
}

// Verification is what was found.
type Verification struct {
	Deployment
	First     *Link     `json:"first,omitempty"`  // manifest; none where there is none
	Last      *Link     `json:"last,omitempty"`   // manifest: nothing in the evidence vouches for it
	Manifests int64     `json:"manifests"`        // that were read
	Files     int64     `json:"files"`            // that are as they were written
	Records   int64     `json:"records"`          // in those
	Waiting   int64     `json:"waiting,omitzero"` // files of days whose manifest is not due yet
	Problems  []Problem `json:"problems"`

	sound []File
}

// Sound says whether nothing is wrong with what is there.
func (v Verification) Sound() bool { return len(v.Problems) == 0 }

// Summary is the problems by kind, in words, as "file missing 2, chain broken 1".
func (v Verification) Summary() string {
	var words []string
	for _, k := range Kinds() {
		n := 0
		for _, p := range v.Problems {
			if p.Kind == k {
				n++
			}
		}
		if n > 0 {
			words = append(words, fmt.Sprintf("%s %d", k, n))
		}
	}
	return strings.Join(words, ", ")
}
