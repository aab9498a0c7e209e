package audit

import (
	"context"
	"fmt"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Eye looks at versions of a pair of buckets, and concludes.
type Eye struct {
	Sides  Sides
	Judge  audit.Judge
	Region string // of the primary
	Read   func(context.Context, s3event.ObjectVersion, verdict.Look) verdict.Bytes
	Listed func(ctx context.Context, side, key, version string) (bool, error)           // by audit.OnPrimary or OnReplica, now
	Locks  func(context.Context, s3event.ObjectVersion, verdict.Look) ([]string, error) // nil: locks of one side alone are not asked for
}

// Sides looks at one version on both sides.
type Sides interface {
	Look(context.Context, s3event.ObjectVersion) verdict.Look
}

// Version is what a look at a pair asks for.
func (e Eye) Version(p audit.Pair) s3event.ObjectVersion {
	row := p.Row()
	return s3event.ObjectVersion{
		Bucket: e.Judge.Bucket, Key: row.Key, VersionID: row.VersionID, Region: e.Region, Marker: row.Marker, Size: row.Size,
		ETag: row.ETag, Time: row.Modified,
	}
}

// Look looks at both sides of a pair, reads their bytes where the judge wants them, and
// concludes.
func (e Eye) Look(ctx context.Context, p audit.Pair) (verdict.Look, audit.Conclusion) {
	return e.look(ctx, p, nil)
}

// look is Look of a version whose bytes were read before; nil: they were not.
func (e Eye) look(ctx context.Context, p audit.Pair, was *verdict.Bytes) (verdict.Look, audit.Conclusion) {
	v := e.Version(p)
	look := e.Sides.Look(ctx, v)
	if was != nil && len(look.Replicas) == 1 && look.Primary.Found == verdict.Object && look.Replicas[0].Found == verdict.Object {
		look.Replicas[0].Bytes = was
	}
	c := e.Judge.Looked(p, look)
	if e.Judge.ToRead(p, look) {
		read := e.Read(ctx, v, look)
		look.Replicas[0].Bytes = &read
		c = e.Judge.Looked(p, look)
	}
	if e.Locks != nil && c.Category == audit.Compared && !v.Marker {
		names, err := e.Locks(ctx, v, look)
		c = audit.Locked(c, names, err)
	}
	return look, c
}

// Vanished lists once more what a side listed and HEAD did not find there: only what that
// no longer lists is gone. A server that lost an object may list it still.
func (e Eye) Vanished(ctx context.Context, i audit.Item) (audit.Item, error) {
	var sides []string
	if i.Reason == reason.Changed && i.On != audit.OnReplica {
		sides = append(sides, audit.OnPrimary)
	}
	if (i.Gone || i.Reason == reason.ReplicaMissing && i.On == audit.OnBoth) && i.On != audit.OnPrimary {
		sides = append(sides, audit.OnReplica)
	}
	for _, side := range sides {
		still, err := e.Listed(ctx, side, i.Key, i.Version)
		if err != nil {
			return i, fmt.Errorf("list a version once more: %w", err)
		}
		if still {
			i.Category, i.Reason, i.Gone = audit.Unknown, reason.Unreachable, false
			i.Detail = "the " + side + " lists the version, and HeadObject does not find it"
			return i, nil
		}
	}
	return i, nil
}
