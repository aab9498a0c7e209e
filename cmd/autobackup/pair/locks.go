package pair

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// lock is one kind of them, named as the group of metadata is.
type lock struct {
	name string
	on   func(*verdict.Metadata) bool // as HeadObject shows it
	ask  func(context.Context, *Side, s3event.ObjectVersion) (bool, error)
}

var kindsOfLocks = []lock{
	{"retention", func(m *verdict.Metadata) bool { return m.Retention != "" }, retained},
	{"legal hold", func(m *verdict.Metadata) bool { return m.LegalHold == string(types.ObjectLockLegalHoldStatusOn) }, onHold},
}

// IsLock says whether a group of metadata is a lock.
func IsLock(group string) bool {
	return group == kindsOfLocks[0].name || group == kindsOfLocks[1].name
}

// Locks names the locks that one side alone has, of a version that a look shows on
// both. HeadObject shows no lock both where there is none and to who may not read it,
// so the side that shows none is asked for it. Where neither shows one, each side is
// asked once, whatever the version: who may not read its locks sees none of any version.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html
func (p *Pair) Locks(ctx context.Context, v s3event.ObjectVersion, look verdict.Look) (names []string, err error) {
	one, other := look.Primary.Metadata, look.Replicas[0].Metadata
	if one == nil || other == nil {
		return nil, nil
	}
	for _, l := range kindsOfLocks {
		switch primary, replica := l.on(one), l.on(other); {
		case primary && replica:
		case !primary && !replica:
			err = errors.Join(err, p.Primary.hides(ctx, l, v), p.Replica.hides(ctx, l, v))
		default:
			side := p.Primary
			if primary {
				side = p.Replica
			}
			has, why := l.ask(ctx, side, v)
			if why != nil {
				err = errors.Join(err, side.unreadLock(l, why))
			} else if !has {
				names = append(names, l.name)
			}
		}
	}
	return names, err
}

// hides says why a side shows no lock of a kind of any version, if its caller may not read
// them: asked for the first version that comes along.
func (s *Side) hides(ctx context.Context, l lock, v s3event.ObjectVersion) error {
	s.asking.Lock()
	defer s.asking.Unlock()
	why, asked := s.hidesLocks[l.name]
	if !asked && ctx.Err() == nil {
		if _, err := l.ask(ctx, s, v); s3error.Status(err) == http.StatusForbidden {
			why = s.unreadLock(l, err)
		}
		if s.hidesLocks == nil {
			s.hidesLocks = map[string]error{}
		}
		s.hidesLocks[l.name] = why
	}
	return why
}

func (s *Side) unreadLock(l lock, why error) error {
	return errors.New(s3error.Explain("reading the "+l.name+" in "+s.Bucket, why))
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
