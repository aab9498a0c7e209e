package look

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// metadata is the short form of what HEAD shows besides the content. HEAD shows the
// number of tags only; until tags reads them, they count as unread.
//
// Retention and legal hold are shown only to who may read them:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
// Left out are the storage class, which rules of replication and lifecycle set
// on each side, and x-amz-website-redirect-location, of which AWS does not say
// whether it is replicated.
func metadata(out *s3.HeadObjectOutput) *verdict.Metadata {
	m := verdict.Metadata{
		Headers: fingerprint([]string{
			aws.ToString(out.ContentType), aws.ToString(out.ContentEncoding), aws.ToString(out.ContentLanguage),
			aws.ToString(out.ContentDisposition), aws.ToString(out.CacheControl), aws.ToString(out.ExpiresString),
		}),
		User: fingerprint(out.Metadata),
	}
	if aws.ToInt32(out.MissingMeta) > 0 { // S3 left some out
		m.User = ""
	}
	if out.ObjectLockMode != "" && out.ObjectLockRetainUntilDate != nil {
		m.Retention = fingerprint([]string{string(out.ObjectLockMode), out.ObjectLockRetainUntilDate.UTC().Format(time.RFC3339)})
	}
	if aws.ToInt32(out.TagCount) > 0 {
		m.Tags = verdict.TagsUnread
	}
	switch hold := string(out.ObjectLockLegalHoldStatus); hold {
	case "ON", "OFF":
		m.LegalHold = hold
	}
	return &m
}

// tags reads the tags of every side that holds the object, where HEAD showed of
// one that it has some. HEAD shows no number both where there are no tags and where
// the caller may not read them, so a side of which it shows none is asked, too:
// GetObjectTagging answers with an empty list where tags were lost, and with an
// error where a permission is missing. Objects without tags, the usual ones, cost
// no request more.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
func (l *Looker) tags(ctx context.Context, v s3event.ObjectVersion, seen *verdict.Look) {
	var objects []*verdict.Side
	if seen.Primary.Metadata != nil {
		objects = append(objects, &seen.Primary)
	}
	for i := range seen.Replicas {
		if seen.Replicas[i].Metadata != nil {
			objects = append(objects, &seen.Replicas[i].Side)
		}
	}
	tagged := slices.ContainsFunc(objects, func(s *verdict.Side) bool { return s.Metadata.Tags != "" })
	if !tagged || seen.Primary.Metadata == nil || len(objects) == 1 {
		return // there is nothing to compare
	}
	var all errgroup.Group
	for _, s := range objects {
		if s.Metadata.Tags != "" && s.Metadata.Tags != verdict.TagsUnread {
			continue // rules by tag needed them
		}
		all.Go(func() error {
			s.Metadata.Tags = l.tagsOf(ctx, v, *s)
			return nil
		})
	}
	_ = all.Wait() // as in Look: what could not be read is told as unread
}

// tagsOf is the fingerprint of a side's tags.
func (l *Looker) tagsOf(ctx context.Context, v s3event.ObjectVersion, s verdict.Side) string {
	tags, err := l.tagSet(ctx, v, s)
	if err != nil {
		return verdict.TagsUnread
	}
	return fingerprint(tags)
}

// tagSet is a side's tags.
func (l *Looker) tagSet(ctx context.Context, v s3event.ObjectVersion, s verdict.Side) (map[string]string, error) {
	tags := map[string]string{}
	err := l.directory.call(ctx, func(ctx context.Context) error {
		out, err := l.objects.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{
			Bucket: &s.Bucket, Key: &v.Key, VersionId: &v.VersionID,
		}, in(s.Region))
		if err != nil {
			return err
		}
		for _, t := range out.TagSet {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		return nil
	})
	return tags, err
}

// fingerprint is 48 bits of the SHA-256 of a value's JSON, which sorts the keys of
// maps: enough that settings that differ by accident don't look equal, and short
// enough for the workflow's state.
func fingerprint(value any) string {
	form, _ := json.Marshal(value) // texts always encode
	sum := sha256.Sum256(form)
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}
