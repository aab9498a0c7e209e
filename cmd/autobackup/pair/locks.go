package pair

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Locks names the locks that one side alone has, of a version that a look shows on
// both. HeadObject shows no lock both where there is none and to who may not read it,
// so the side that shows none is asked for it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html
func (p *Pair) Locks(ctx context.Context, v s3event.ObjectVersion, look verdict.Look) (names []string, err error) {
	one, other := look.Primary.Metadata, look.Replicas[0].Metadata
	if one == nil || other == nil {
		return nil, nil
	}
	held := func(m *verdict.Metadata) bool { return m.LegalHold == string(types.ObjectLockLegalHoldStatusOn) }
	for _, lock := range []struct {
		name    string
		primary bool
		replica bool
		ask     func(context.Context, *Side, s3event.ObjectVersion) (bool, error)
	}{
		{"retention", one.Retention != "", other.Retention != "", retained},
		{"legal hold", held(one), held(other), onHold},
	} {
		side := p.Primary
		if lock.primary {
			side = p.Replica
		}
		if lock.primary == lock.replica {
			continue
		}
		has, why := lock.ask(ctx, side, v)
		if why != nil {
			err = errors.Join(err, errors.New(s3error.Explain("reading the "+lock.name+" in "+side.Bucket, why)))
		} else if !has {
			names = append(names, lock.name)
		}
	}
	return names, err
}

func retained(ctx context.Context, s *Side, v s3event.ObjectVersion) (bool, error) {
	out, err := s.Client.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &s.Bucket, Key: &v.Key, VersionId: &v.VersionID}, s.in())
	if unlocked(err) {
		return false, nil
	}
	return err == nil && out.Retention != nil && out.Retention.Mode != "", err
}

func onHold(ctx context.Context, s *Side, v s3event.ObjectVersion) (bool, error) {
	out, err := s.Client.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &s.Bucket, Key: &v.Key, VersionId: &v.VersionID}, s.in())
	if unlocked(err) {
		return false, nil
	}
	return err == nil && out.LegalHold != nil && out.LegalHold.Status == types.ObjectLockLegalHoldStatusOn, err
}

// unlocked says whether an error tells that there is no lock: on the version, or in
// the whole bucket.
func unlocked(err error) bool {
	switch s3error.Code(err) {
	case "NoSuchObjectLockConfiguration", "InvalidRequest":
		return true
	}
	return false
}
