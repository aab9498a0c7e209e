package keep

import (
	"context"
	"fmt"
	"time"

	"autobackup/internal/evidence"
)

// maxManifest is how long a manifest is at most, in bytes.
const maxManifest = 16 << 20

// manifests writes the manifest of each day that is over and has none, the first one of the
// first day that has files. A day without any has one, too, so that the chain has no hole.
func (r *run) manifests(ctx context.Context) error {
	next := r.last.AddDate(0, 0, 1)
	if r.last.IsZero() {
		if err := r.begin(ctx); err != nil { // again: this run may have written the first file
			return err
		}
		next = r.first
	}
	if next.IsZero() {
		return nil
	}
	var before []byte
	var err error
	if !r.last.IsZero() {
		if before, err = content(ctx, r.Evidence, evidence.ManifestName(r.last), maxManifest); err != nil {
			return err
		}
	}
	for range r.limits.days {
		if r.now.Before(next.AddDate(0, 0, 1).Add(closing)) {
			return nil
		}
		if before, err = r.manifest(ctx, next, before); err != nil {
			return err
		}
		next = next.AddDate(0, 0, 1)
	}
	return nil
}

// manifest writes the manifest of a day, and gives it as it is then.
func (r *run) manifest(ctx context.Context, of time.Time, before []byte) ([]byte, error) {
	name := evidence.ManifestName(of)
	files, err := r.counted(ctx, of)
	if err != nil {
		return nil, err
	}
	if before != nil {
		m, err := evidence.ParseManifest(before)
		switch {
		case err != nil:
			return nil, fmt.Errorf("make %s: the one before: %w", name, err)
		case r.now.Before(m.Made):
			return nil, fmt.Errorf("make %s: it is %s, and the one before was made at %s: a clock is wrong", name, r.now.Format(time.RFC3339), m.Made.Format(time.RFC3339))
		}
	}
	m, err := evidence.Make(of, r.Of, r.now, files, before)
	if err != nil {
		return nil, err
	}
	text, err := m.Encode()
	if err != nil {
		return nil, err
	}
	made, err := r.Evidence.Make(ctx, name, text)
	switch {
	case err != nil:
		return nil, err
	case !made: // by a run beside this one
		return content(ctx, r.Evidence, name, maxManifest)
	}
	r.kept.Manifests++
	return text, nil
}

// counted reads the files of a day.
func (r *run) counted(ctx context.Context, of time.Time) (files []evidence.Counted, err error) {
	all, err := r.Evidence.List(ctx, evidence.Root+of.Format("2006/01/02/"), "")
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if _, part, is := evidence.Place(o.Name); !is || part == 0 {
			continue
		}
		one, err := r.count(ctx, o.Name)
		if err != nil {
			return nil, err
		}
		files = append(files, one)
	}
	return files, nil
}

func (r *run) count(ctx context.Context, name string) (evidence.Counted, error) {
	in, err := r.Evidence.Open(ctx, name)
	if err != nil {
		return evidence.Counted{}, err
	}
	defer in.Close() //nolint:errcheck // read only
	return evidence.CountFile(name, in)
}
