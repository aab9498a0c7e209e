package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/shell"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// counted is how many versions of a key are counted: one page of a listing, which is
// read in any case.
const counted = 1000

// side is what one bucket's listing says of the version.
type side struct {
	row      *audit.Row // nil: it is not listed
	newest   *audit.Row // of the key
	place    int        // of row among the versions of the key, 1 for the newest
	versions int        // of the key, so far as they were counted
	more     bool       // there are, or may be, more
	err      error      // the bucket could not be listed
}

// listed is what both buckets of a pair list.
type listed struct{ primary, replica side }

// classes are the storage classes of the version.
func (l listed) classes() (all []string) {
	for _, s := range []side{l.primary, l.replica} {
		if s.row != nil {
			all = append(all, s.row.Class)
		}
	}
	return all
}

// version is which version is explained, and where it is listed.
type version struct {
	version  string
	primary  side
	replicas []side
	names    []string // buckets: the primary, then the replicas
}

func (v version) of(i int) listed { return listed{v.primary, v.replicas[i]} }

// find lists the key on all sides. Where no version is wanted it is the newest of the
// primary or, where that has none, of the first replica that has one.
func find(ctx context.Context, pairs []*pair.Pair, key, wanted string) (version, error) {
	v := version{version: wanted, primary: list(ctx, pairs[0].Primary, key, wanted), names: []string{pairs[0].Primary.Bucket}}
	if v.primary.err != nil && wanted == "" {
		return v, fmt.Errorf("find the newest version: %w\nname one, as %sVERSION", v.primary.err, shell.Versioned)
	}
	v.choose(v.primary)
	for _, p := range pairs {
		s := list(ctx, p.Replica, key, v.version)
		v.choose(s)
		v.replicas, v.names = append(v.replicas, s), append(v.names, p.Replica.Bucket)
	}
	return v, v.check(key)
}

func (v *version) choose(s side) {
	if v.version == "" && s.newest != nil {
		v.version = s.newest.VersionID
	}
}

// list looks for a version among those of a key, or for the newest where none is wanted.
func list(ctx context.Context, s *pair.Side, key, wanted string) (found side) {
	rows := s.Lister(key).Rows(ctx, "", key)
	defer rows.Close()
	for found.row == nil || found.versions < counted {
		row, ok, err := rows.Next()
		if err != nil || !ok {
			found.err = err
			return found
		}
		found.versions++
		if found.newest == nil {
			found.newest = &row
		}
		if found.row == nil && (wanted == "" || row.VersionID == wanted) {
			found.row, found.place = &row, found.versions
		}
	}
	found.more = true
	return found
}

// check ends where no listing has the version: there is nothing to say of it.
func (v version) check(key string) error {
	var errs []error
	var has []string
	for i, s := range append([]side{v.primary}, v.replicas...) {
		switch {
		case s.row != nil:
			return nil
		case s.err != nil:
			errs = append(errs, s.err)
		case s.newest != nil:
			has = append(has, fmt.Sprintf("%s lists %s of the key, the newest is %s", v.names[i], text.Count(s.versions, "version"), report.Visible(s.newest.VersionID)))
		}
	}
	switch {
	case len(errs) > 0:
		return fmt.Errorf("find the version: %w", errors.Join(errs...))
	case len(has) > 0:
		return fmt.Errorf("no side lists the version %s: it was deleted by its id on all of them, or it is mistyped: %s",
			text.Quoted(v.version, maxShown), strings.Join(has, "; "))
	default:
		return fmt.Errorf("no side lists a version or delete marker of the key %s: all were deleted by their ids, or it is mistyped; looked in %s",
			text.Quoted(key, maxShown), strings.Join(v.names, ", "))
	}
}

// maxShown bounds what an error shows of a key, in bytes.
const maxShown = 200

// which says which version of the key it is.
func (v version) which(named bool) string {
	for i, s := range append([]side{v.primary}, v.replicas...) {
		if s.row == nil {
			continue
		}
		words := "listed as " + s.among() + " on " + v.names[i]
		if !named {
			words += "; chosen because none was named"
			if i > 0 {
				words += ", and " + v.names[0] + " lists none of the key"
			}
		}
		return words
	}
	return ""
}

// among says where the version stands among those of the key.
func (s side) among() string {
	number := fmt.Sprint(s.versions)
	if s.more {
		number = "more than " + number
	}
	switch {
	case s.versions == 1:
		return "the only version"
	case s.place == 1:
		return "the newest of " + number + " versions"
	default:
		return fmt.Sprintf("number %d of %s versions, from the newest", s.place, number)
	}
}

// absent is the item of a replica where neither side lists the version, because another
// replica alone does.
func (c *subject) absent() audit.Item {
	if err := cmp.Or(c.listed.primary.err, c.listed.replica.err); err != nil {
		return audit.Item{
			Primary: c.pair.Primary.Bucket, Replica: c.pair.Replica.Bucket, Key: c.Key, Version: c.Version,
			Category: audit.Unknown, Reason: reason.AccessDenied, Detail: text.Line(err.Error(), verdict.MaxDetail),
		}
	}
	return audit.Item{
		Primary: c.pair.Primary.Bucket, Replica: c.pair.Replica.Bucket, Key: c.Key, Version: c.Version,
		Category: audit.Expected, Reason: reason.SourceDeleted, Detail: "neither the primary nor this replica lists the version",
	}
}
