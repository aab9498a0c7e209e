package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/evidence"
	"autobackup/internal/keep"
	"autobackup/internal/listing"
	"autobackup/internal/look"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/scrub"
	"autobackup/internal/verdict"
)

// erasuresFile has what an audit before found NOT_ERASED, and this one neither found again nor
// saw to be gone, a line for each: the next audit looks at it.
const erasuresFile = "erasures.jsonl"

// erasures are the versions that an audit before found NOT_ERASED, and this one does not: as
// no listing has what is gone, nothing else would ever say what became of them.
type erasures struct {
	stored
	due  []audit.Item // to be looked at
	next *json.Encoder
	left int    // how many lines next has
	why  string // they are left; empty where they are too many
}

// erasures looks at them once more, leaves those that are gone from all sides as facts, and
// tells how many are left for the next audit.
func (a stored) erasures(ctx context.Context, dir string, old *before, p progress, r *Result) error {
	if a.Facts == nil || old == nil {
		return nil
	}
	file, was := filepath.Join(dir, erasuresFile), filepath.Join(dir, old.name, erasuresFile)
	err := a.Deployed.shelf(auditsFolder+a.step.Bucket+"/").in(old.name).download(ctx, erasuresFile, was)
	if err != nil && !errors.Is(err, errAbsent) {
		return err
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, filePerm) // #nosec G304: a file of the function's own
	if err != nil {
		return err
	}
	e := &erasures{stored: a, next: json.NewEncoder(out), why: a.cut(p)}
	if len(p.Failed) > 0 {
		e.why = "not all keys were listed"
	}
	err = e.choose(r, filepath.Join(dir, old.name, report.FindingsFile), was)
	if err == nil && len(e.due) > 0 {
		err = e.look(ctx, p, r)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if e.left > 0 {
		first := &r.Reports[0]
		first.Notes = append(first.Notes, e.note())
	}
	return a.upload(ctx, erasuresFile, file)
}

func (e *erasures) note() string {
	note := fmt.Sprintf("%d versions that an audit before found NOT_ERASED are not found so any more, and the evidence does not say yet whether they are gone: the next audit looks at them", e.left)
	if e.why != "" {
		note += "; " + e.why
	}
	return note
}

func (e *erasures) leave(some ...audit.Item) (err error) {
	for _, i := range some {
		e.left++
		err = errors.Join(err, e.next.Encode(i))
	}
	return err
}

// choose reads files of items, of which some may not be there.
func (e *erasures) choose(r *Result, files ...string) error {
	still := &before{}
	for i, err := range r.items() {
		if err != nil {
			return err
		}
		if i.Reason == reason.NotErased {
			still.hashes = append(still.hashes, hash(i))
		}
	}
	slices.Sort(still.hashes)
	chosen := map[scrub.Version]bool{}
	for _, file := range files {
		for i, err := range itemsOf(file) {
			one := scrub.Version{Key: i.Key, Version: i.Version}
			switch {
			case errors.Is(err, os.ErrNotExist) || err == nil && (i.Reason != reason.NotErased || still.has(i) || chosen[one]):
			case err != nil:
				return err
			case e.why == "" && len(e.due) < e.bounds.erasures:
				chosen[one] = true
				e.due = append(e.due, i)
			default:
				if err := e.leave(i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// look looks at what is due on the primary and on all replicas, as long as there is time.
func (e *erasures) look(ctx context.Context, p progress, r *Result) error {
	var eyes []*ahead
	var sides []listing.Lister
	sent := maps.Clone(p.Sent)
	for i := range e.state.Pairs {
		of, pace, err := e.open(ctx, i, e.state.Stage.Rate)
		if err != nil {
			return err
		}
		eyes = append(eyes, &ahead{looks: e.Looks, replica: of.Replica.Bucket, pace: pace})
		sides = append(sides, of.Primary.Lister(e.state.Plan.Prefix), of.Replica.Lister(e.state.Plan.Prefix))
	}
	var gone []evidence.Record
	run, end := e.run(), e.Now().Add(secondsOf(PartSeconds))
	for some := range slices.Chunk(e.due, callsAtOnce*look.MaxVersions) {
		var err error
		if e.why == "" && e.Now().Before(end) {
			var records []evidence.Record
			if records, err = e.see(ctx, eyes, some, run); err == nil {
				gone = append(gone, records...)
				continue
			}
		}
		switch {
		case permanent(ctx, err):
			e.why = err.Error()
		case err != nil:
			return err
		}
		if err := e.leave(some...); err != nil {
			return err
		}
	}
	// HEAD says of a bucket that is gone what it says of a version that is.
	if err := ready(ctx, sides...); err != nil {
		return err
	}
	for _, eye := range eyes {
		for operation, n := range eye.pace.Sent() {
			sent[operation] += n
		}
	}
	for i := range r.Reports {
		r.Reports[i].Requests, r.Reports[i].Dollars = sent, e.spent(sent)
	}
	return keep.Put(ctx, e.Facts, gone)
}

// see looks at some, and gives the records of those that are gone from all sides. What a side
// could not tell is left; what a side has is in listings again.
func (e *erasures) see(ctx context.Context, eyes []*ahead, some []audit.Item, run evidence.Run) (gone []evidence.Record, err error) {
	versions := make([]s3event.ObjectVersion, len(some))
	for n, i := range some {
		versions[n] = s3event.ObjectVersion{
			Bucket: i.Primary, Key: i.Key, VersionID: i.Version, Region: e.state.Pairs[0].Primary.Region, Marker: i.Marker, Size: i.Size, Time: i.Modified,
		}
	}
	for _, eye := range eyes {
		if err := eye.see(ctx, versions); err != nil {
			return nil, err
		}
	}
	for n, v := range versions {
		all := verdict.Look{Primary: verdict.Side{Found: verdict.Missing}}
		for _, eye := range eyes {
			seen := eye.Look(ctx, v)
			all.Replicas = append(all.Replicas, seen.Replicas...)
			if seen.Primary.Found != verdict.Missing {
				all.Primary = seen.Primary
			}
		}
		record, is := evidence.OfErased(v, all, evidence.Audit, run)
		switch {
		case is:
			gone = append(gone, record)
		case !there(all):
			if err := e.leave(some[n]); err != nil {
				return nil, err
			}
		}
	}
	return gone, nil
}

// there says whether a side has the version.
func there(l verdict.Look) bool {
	has := func(s verdict.Side) bool { return s.Found == verdict.Object || s.Found == verdict.Marker }
	return has(l.Primary) || slices.ContainsFunc(l.Replicas, func(r verdict.Replica) bool { return has(r.Side) })
}
