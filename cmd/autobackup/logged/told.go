package logged

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/alert"
	"autobackup/internal/s3event"
	"autobackup/internal/told"
)

// Telling is an e-mail that tells of a version, or that may.
type Telling struct {
	At      time.Time `json:"at"`
	Subject string    `json:"subject"`
	ID      string    `json:"id"` // of SNS
	// Names says that the e-mail names the version. Otherwise it counts versions of the same bucket that
	// it does not name, and which they are is not known.
	Names  bool         `json:"names"`
	Causes []ToldOfThis `json:"causes"`
}

// ToldOfThis is a cause for which an e-mail names the version, or for which it counts Unnamed others.
type ToldOfThis struct {
	Reason  string    `json:"reason"`
	Replica string    `json:"replica,omitempty"`
	Kind    told.Kind `json:"kind"`
	Unnamed int       `json:"unnamed,omitempty"`
}

// Told is what was logged about e-mails that tell of one version, or that may.
type Told struct {
	Stage string `json:"stage"`
	Searched
	Emails []Telling `json:"emails"` // the oldest first
}

// Names says whether an e-mail names the version.
func (t Told) Names() bool {
	return slices.ContainsFunc(t.Emails, func(e Telling) bool { return e.Names })
}

// ToldOf are the e-mails that the stage's sender has sent and that tell of a version, or that may. What
// alarms and executions send themselves is not among them.
func ToldOf(ctx context.Context, cfg aws.Config, v s3event.ObjectVersion, p Part) (Told, error) {
	found := Told{Stage: p.Stage, Emails: []Telling{}}
	v = asInEvents(v)
	lines, searched, err := newSearcher(cfg, p, sender, pattern(is("msg", alert.Told)), func(at time.Time, message string) (Telling, bool) {
		var l struct {
			Telling *alert.Telling `json:"telling"`
		}
		if json.Unmarshal([]byte(message), &l) != nil || l.Telling == nil {
			return Telling{}, false
		}
		return about(at, *l.Telling, v)
	}).all(ctx)
	if err != nil {
		return Told{}, err
	}
	slices.Reverse(lines)
	for _, line := range lines {
		found.add(line)
	}
	found.Searched = searched
	return found, nil
}

// about is what a telling says of a version; false: it says nothing of it.
func about(at time.Time, t alert.Telling, v s3event.ObjectVersion) (Telling, bool) {
	e := Telling{At: at, Subject: t.Subject, ID: t.ID, Names: slices.Contains(t.Named, alert.Named{Bucket: v.Bucket, Key: v.Key, Version: v.VersionID})}
	cause := ToldOfThis{Reason: string(t.Reason), Replica: t.Replica, Kind: t.Kind}
	if !e.Names {
		cause.Unnamed = t.Unnamed
	}
	e.Causes = []ToldOfThis{cause}
	return e, e.Names || t.Unnamed > 0 && (t.Bucket == v.Bucket || t.Several)
}

// add takes in a line, which is about one cause of an e-mail. Of one that names the version, nothing
// else is told.
func (t *Told) add(line Telling) {
	i := slices.IndexFunc(t.Emails, func(e Telling) bool { return e.ID == line.ID })
	switch {
	case i < 0:
		t.Emails = append(t.Emails, line)
	case t.Emails[i].Names == line.Names:
		t.Emails[i].Causes = append(t.Emails[i].Causes, line.Causes...)
	case line.Names:
		t.Emails[i] = line
	}
}
