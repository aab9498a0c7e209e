package look

import (
	"context"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// version looks at one object version. Where the primary's replication rules
// can't be followed, the primary alone is read.
func (l *Looker) version(ctx context.Context, v s3event.ObjectVersion) verdict.Look {
	region, err := l.directory.region(ctx, v.Bucket)
	if err != nil {
		return verdict.Look{Primary: bounded(bucketSide(v.Bucket, err))}
	}
	rules, err := l.directory.replication(ctx, v, region)
	if err != nil {
		return verdict.Look{Primary: bounded(rulesSide(v.Bucket, region, err))}
	}
	ways := rulesFor(rules, v.Key)
	var seen verdict.Look
	var tags map[string]string
	if slices.ContainsFunc(ways, Rule.open) {
		seen.Primary = bounded(l.side(ctx, v.Bucket, region, v))
		if tags, err = l.selectedBy(ctx, v, &seen.Primary); err != nil {
			seen.Unread = unreadTags(err)
			return seen
		}
	}
	destinations, unselected := chosen(ways, tags, seen.Primary)
	if seen.Unselected, seen.Unsupported = unselected, tooMany(destinations); seen.Unsupported != "" {
		destinations = nil
	}
	l.sides(ctx, v, region, &seen, destinations)
	return seen
}

// sides reads all sides at the same time, but for the primary where it was, and then
// what they leave open.
func (l *Looker) sides(ctx context.Context, v s3event.ObjectVersion, region string, seen *verdict.Look, destinations []destination) {
	var heads errgroup.Group
	if seen.Primary.Found == "" {
		heads.Go(func() error {
			seen.Primary = bounded(l.side(ctx, v.Bucket, region, v))
			return nil
		})
	}
	replicas := make([]verdict.Replica, len(destinations))
	for i, d := range destinations {
		heads.Go(func() error {
			replicas[i] = l.replica(ctx, d, v)
			return nil
		})
	}
	_ = heads.Wait() // as in Look
	if replicas = likely(destinations, replicas); len(replicas) > 0 {
		seen.Replicas = replicas
	}
	l.leftOpen(ctx, v, seen)
}

// leftOpen asks for what HeadObject alone does not tell: tags, checksums of parts,
// and why a version that was replicated is gone. Most looks leave nothing open.
func (l *Looker) leftOpen(ctx context.Context, v s3event.ObjectVersion, seen *verdict.Look) {
	var all errgroup.Group
	for i := range seen.Replicas {
		r := &seen.Replicas[i]
		all.Go(func() error {
			r.Parts = l.byParts(ctx, v, seen.Primary, r.Side)
			r.Expires = l.expires(ctx, v, seen.Primary, *r)
			return nil
		})
	}
	_ = all.Wait() // as in Look
	l.tags(ctx, v, seen)
}

func (l *Looker) replica(ctx context.Context, d destination, v s3event.ObjectVersion) verdict.Replica {
	var side verdict.Side
	region, err := l.directory.region(ctx, d.bucket)
	switch {
	case s3error.Status(err) == http.StatusNotFound:
		side = verdict.Side{Bucket: d.bucket, Found: verdict.Missing, Detail: noBucket}
	case err != nil:
		side = bucketSide(d.bucket, err)
	default:
		side = l.side(ctx, d.bucket, region, v)
	}
	return verdict.Replica{Side: bounded(side), IgnoresMarkers: d.ignoresMarkers, IgnoresKMS: d.ignoresKMS, ByTag: d.byTag}
}

// At looks at one object version in its bucket and in one other, whether or not the
// primary's rules lead there: what the rules leave out of it is given. It is for who
// compares two buckets, and not an upload with all that its rules lead to.
func (l *Looker) At(ctx context.Context, v s3event.ObjectVersion, bucket string, rule Rule) verdict.Look {
	region, err := l.directory.region(ctx, v.Bucket)
	if err != nil {
		return verdict.Look{Primary: bounded(bucketSide(v.Bucket, err))}
	}
	var seen verdict.Look
	l.sides(ctx, v, region, &seen, []destination{{bucket: bucket, ignoresMarkers: rule.IgnoresMarkers, ignoresKMS: rule.IgnoresKMS}})
	if r := &seen.Replicas[0]; rule.open() && r.Found == verdict.Missing {
		tags, err := l.selectedBy(ctx, v, &seen.Primary)
		if err != nil {
			seen.Unread = unreadTags(err)
			return seen
		}
		d, selected := rule.destination(tags, seen.Primary)
		seen.Unselected, r.ByTag, r.IgnoresKMS = !selected, d.byTag, d.ignoresKMS
	}
	return seen
}
