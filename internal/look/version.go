package look

import (
	"context"
	"net/http"

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
	destinations, unsupported := destinations(rules, v.Key)
	seen := l.sides(ctx, v, region, destinations)
	seen.Unsupported = unsupported
	return seen
}

// sides reads all sides at the same time, and then what they leave open.
func (l *Looker) sides(ctx context.Context, v s3event.ObjectVersion, region string, destinations []destination) (seen verdict.Look) {
	var heads errgroup.Group
	heads.Go(func() error {
		seen.Primary = bounded(l.side(ctx, v.Bucket, region, v))
		return nil
	})
	replicas := make([]verdict.Replica, len(destinations))
	for i, d := range destinations {
		heads.Go(func() error {
			replicas[i] = l.replica(ctx, d, v)
			return nil
		})
	}
	_ = heads.Wait() // as in Look
	if len(replicas) > 0 {
		seen.Replicas = replicas
	}
	l.leftOpen(ctx, v, &seen)
	return seen
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
	return verdict.Replica{Side: bounded(side), IgnoresMarkers: d.ignoresMarkers, IgnoresKMS: d.ignoresKMS}
}

// At looks at one object version in its bucket and in one other, whether or not the
// primary's rules lead there: what the rules leave out of it is given. It is for who
// compares two buckets, and not an upload with all that its rules lead to.
func (l *Looker) At(ctx context.Context, v s3event.ObjectVersion, bucket string, rule Rule) verdict.Look {
	region, err := l.directory.region(ctx, v.Bucket)
	if err != nil {
		return verdict.Look{Primary: bounded(bucketSide(v.Bucket, err))}
	}
	return l.sides(ctx, v, region, []destination{{bucket, rule.IgnoresMarkers, rule.IgnoresKMS}})
}
