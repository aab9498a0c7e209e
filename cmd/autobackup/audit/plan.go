package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/verdict"
)

// Plan is what an audit is to do. It is kept in the audit's folder: what goes on with
// it does the same.
type Plan struct {
	Program        string                   `json:"program"`
	Started        time.Time                `json:"started"`
	Primary        string                   `json:"primary"` // bucket
	Prefix         string                   `json:"prefix"`
	Replicas       []string                 `json:"replicas,omitempty"`
	From           pair.Access              `json:"from"`
	To             pair.Access              `json:"to"`
	Level          audit.Level              `json:"level"`
	Bytes          verdict.ByteVerification `json:"bytes"`
	BytesBudget    int64                    `json:"bytesBudget,omitempty"` // of both sides together; 0: none
	Classes        []string                 `json:"classes,omitempty"`
	Deadline       time.Duration            `json:"deadline"`
	MarkerDeadline time.Duration            `json:"markerDeadline"`
	Erased         time.Duration            `json:"erased"`
	Metadata       bool                     `json:"metadata"`
	Locks          bool                     `json:"locks"`
	Redact         bool                     `json:"redact"`
	FailOn         FailOn                   `json:"failOn"`
	Output         string                   `json:"output,omitempty"`   // s3://BUCKET/PREFIX that the report is copied to
	Accepted       string                   `json:"accepted,omitempty"` // file
	Since          string                   `json:"since,omitempty"`    // folder
	Flags          string                   `json:"flags,omitempty"`    // as report.Report.Flags
}

// flags are those of Report.Flags: a replica that somebody named is named there, too.
func (p Plan) flags(replica string) string {
	if len(p.Replicas) == 0 {
		return p.Flags
	}
	return strings.TrimSpace("s3://" + replica + " " + p.Flags)
}

// sample says whose bytes are read.
func (p Plan) sample() string {
	if p.Level != audit.Bytes {
		return ""
	}
	classes := strings.Join(slices.DeleteFunc(slices.Clone(p.Classes), func(c string) bool { return c == "" }), ", ")
	if classes != "" {
		classes = ", " + classes
	}
	if p.BytesBudget > 0 {
		return fmt.Sprintf("as many versions as fit into %d GB; of STANDARD%s", p.BytesBudget>>30, classes)
	}
	return fmt.Sprintf("%d of 1,000 versions, and all that is inconclusive; of STANDARD%s", p.Bytes.PerMille, classes)
}

// sampler takes the sample of a pair of which some stretches are done. Of other levels
// than bytes it is empty.
func (p Plan) sampler(done []stretch) (*sampler, error) {
	switch {
	case p.Level != audit.Bytes:
		return newSampler(0, 0, nil)
	case p.BytesBudget > 0:
		return newSampler(p.BytesBudget, draws, done)
	default:
		return newSampler(math.MaxInt64, p.Bytes.PerMille, done)
	}
}

// state is the plan with what the buckets said of themselves when it was begun, and
// what was sent so far.
type state struct {
	Plan  Plan             `json:"plan"`
	Pairs []sides          `json:"pairs"`
	Sent  map[string]int64 `json:"sent"`
	Bytes int64            `json:"bytes,omitempty"` // read on both sides
	// Agreed is that somebody agreed to what the audit costs.
	Agreed  bool       `json:"agreed,omitempty"`
	Dollars float64    `json:"dollars,omitempty"` // as Budget.Dollars
	Stage   *limits    `json:"stage,omitempty"`   // of an audit that a stage makes
	Scrub   *scrubbing `json:"scrub,omitempty"`   // nil: no bytes are read in turns
}

// limits are what an audit that a stage makes keeps to from its beginning to its end, whatever
// is deployed meanwhile.
type limits struct {
	Rate    int     `json:"rate"` // requests a second, of both sides together
	Dollars float64 `json:"dollars"`
	AtOnce  int     `json:"atOnce"` // parts of a round
	Seconds int64   `json:"seconds"`
}

func (l limits) time() time.Duration { return time.Duration(l.Seconds) * time.Second }

type sides struct {
	Primary audit.SideReport `json:"primary"`
	Replica audit.SideReport `json:"replica"`
}

const stateFile = "audit.json"

func readState(folder string) (s state, err error) {
	text, err := os.ReadFile(filepath.Join(folder, stateFile)) // #nosec G304: the folder that somebody named
	if err != nil {
		return s, fmt.Errorf("go on with an audit: %w: name the folder that the audit was writing", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("go on with the audit in %s: %s: %w", folder, stateFile, err)
	}
	return s, nil
}

func (s state) write(folder string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, dirPerm); err != nil {
		return err
	}
	file := filepath.Join(folder, stateFile)
	if err := os.WriteFile(file+".new", append(text, '\n'), filePerm); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// same refuses to go on where the buckets are not what they were: a report would be
// of two states at once.
func same(was, is []sides) error {
	if len(was) != len(is) {
		return errors.New("the primary's replication rules have changed since the audit began: start it anew")
	}
	for i := range was {
		for _, side := range [][2]audit.SideReport{{was[i].Primary, is[i].Primary}, {was[i].Replica, is[i].Replica}} {
			a, b := side[0], side[1]
			a.Account, a.Caller, b.Account, b.Caller = "", "", "", ""
			if !reflect.DeepEqual(a, b) {
				return fmt.Errorf("the configuration of %s has changed since the audit began: start it anew", a.Bucket)
			}
		}
	}
	return nil
}
