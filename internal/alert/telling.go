package alert

import (
	"slices"

	"autobackup/internal/told"
)

// Told is the message of the line of the sender's log that has a Telling. It is looked for.
const Told = "told"

// Telling is what an e-mail that SNS took tells of one cause. The sender logs one for each, in a
// line whose message is Told and which has it as its attribute "telling": so it can be found
// out of which versions operators were told. The texts of e-mails are for people.
type Telling struct {
	ID      string `json:"id"` // of SNS, as the Copy's
	Subject string `json:"subject"`
	told.Cause
	// Named are the versions that failed for the cause and that the e-mail names, and Unnamed is how
	// many it counts beside them.
	Named   []Named `json:"named"`
	Unnamed int     `json:"unnamed"`
}

// Named is a version that an e-mail names.
type Named struct {
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`
	Version string `json:"version"`
}

// Tellings are what the e-mail about all the news tells, one for each cause.
func Tellings(c Context, n told.News, sent Copy) (all []Telling) {
	e := edit(c, n)
	if len(e.sections) == 0 {
		return nil
	}
	_, named := e.written()
	for _, cause := range n.Causes {
		t := Telling{ID: sent.ID, Subject: sent.Subject, Cause: cause, Named: []Named{}, Unnamed: cause.New}
		t.Examples = nil
		for _, x := range cause.Examples {
			id := identify(x)
			if !slices.Contains(named, id) {
				continue
			}
			t.Unnamed--
			if v := (Named{id.bucket, id.key, id.version}); !slices.Contains(t.Named, v) {
				t.Named = append(t.Named, v)
			}
		}
		all = append(all, t)
	}
	return all
}
