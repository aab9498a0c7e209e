package pair

import (
	"context"

	"autobackup/internal/listing"
	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Lister lists the side's keys with a prefix.
func (s *Side) Lister(prefix string) listing.Lister {
	return listing.Lister{Client: s.Client, Bucket: s.Bucket, Region: s.Region, Prefix: prefix}
}

// confirm asks the listing again about a version that a look shows and the listing did
// not have. It may have come meanwhile. But a server that replicates may also pass a
// request for what it lacks on to the other one, as MinIO does: what no listing has is
// not there, whoever answers. Where the listing is denied, the look is all there is.
func (s *Side) confirm(ctx context.Context, seen *verdict.Side, v s3event.ObjectVersion) {
	if seen.Found != verdict.Object && seen.Found != verdict.Marker {
		return
	}
	has, err := s.has(ctx, v)
	switch {
	case s3error.Found(err) == verdict.Denied:
	case err != nil:
		*seen = verdict.Side{Bucket: seen.Bucket, Region: seen.Region, Found: verdict.Unreachable, Detail: "the listing lacks what HeadObject shows, and could not be read again"}
	case !has:
		*seen = verdict.Side{Bucket: seen.Bucket, Region: seen.Region, Found: verdict.Missing}
	}
}

// has says whether the listing of one key has the version.
func (s *Side) has(ctx context.Context, v s3event.ObjectVersion) (bool, error) {
	rows := s.Lister(v.Key).Rows(ctx, "", v.Key)
	defer rows.Close()
	for {
		row, ok, err := rows.Next()
		if err != nil || !ok {
			return false, err
		}
		if row.VersionID == v.VersionID {
			return true, nil
		}
	}
}
