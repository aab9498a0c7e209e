package look

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/checksum"
	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// byParts compares the parts of both sides where their checksums leave open
// whether the content is equal; it is nil elsewhere. An error is no verdict on
// content: that stays open.
func (l *Looker) byParts(ctx context.Context, v s3event.ObjectVersion, primary, replica verdict.Side) *verdict.Parts {
	p, r, ok := verdict.ByParts(primary, replica)
	if !ok {
		return nil
	}
	var sides errgroup.Group
	var one, other checksum.Layout
	sides.Go(func() (err error) {
		one, err = l.layout(ctx, "primary", primary, v, p)
		return err
	})
	sides.Go(func() (err error) {
		other, err = l.layout(ctx, "replica", replica, v, r)
		return err
	})
	if err := sides.Wait(); err != nil {
		detail := within(maxPartsText, text.Line(err.Error(), verdict.MaxPartsDetail))
		return &verdict.Parts{Algorithm: p.Algorithm, Detail: detail}
	}
	return verdict.CompareParts(p.Algorithm, one, other)
}

// layout is how checksums cover the side. Its errors are short and never hold
// the key.
func (l *Looker) layout(ctx context.Context, role string, side verdict.Side, v s3event.ObjectVersion, s checksum.Sum) (checksum.Layout, error) {
	var parts []checksum.Part
	if s.Type == checksum.Composite {
		var err error
		if parts, err = l.parts(ctx, side, v, s.Algorithm); err != nil {
			return checksum.Layout{}, errors.New(s3error.Explain(role, err))
		}
	}
	layout, err := checksum.NewLayout(s, side.Size, parts)
	if err != nil {
		return checksum.Layout{}, fmt.Errorf("%s: %w", role, err)
	}
	return layout, nil
}

var errEndless = errors.New("list of parts has no end")

// parts lists the parts of one version. S3 tells those of objects whose upload
// had a checksum for each part, at most 1,000 at once. NextPartNumberMarker is
// the last one told, which the next page begins behind:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributesParts.html
func (l *Looker) parts(ctx context.Context, side verdict.Side, v s3event.ObjectVersion, a checksum.Algorithm) (parts []checksum.Part, err error) {
	asked := &s3.GetObjectAttributesInput{
		Bucket: &side.Bucket, Key: &v.Key, VersionId: &v.VersionID,
		ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesObjectParts},
	}
	for {
		page, err := l.page(ctx, asked, side.Region)
		if err != nil || page == nil {
			return nil, err
		}
		for _, p := range page.Parts {
			parts = append(parts, checksum.Part{Size: aws.ToInt64(p.Size), Digest: partDigest(p, a)})
		}
		behind, next := aws.ToString(asked.PartNumberMarker), aws.ToString(page.NextPartNumberMarker)
		switch {
		case !aws.ToBool(page.IsTruncated):
			return parts, nil
		case len(page.Parts) == 0 || next == behind || len(parts) >= checksum.MaxParts:
			return nil, errEndless
		}
		asked.PartNumberMarker = &next
	}
}

func (l *Looker) page(ctx context.Context, asked *s3.GetObjectAttributesInput, region string) (page *types.GetObjectAttributesParts, err error) {
	err = l.directory.call(ctx, func(ctx context.Context) error {
		out, err := l.objects.GetObjectAttributes(ctx, asked, in(region))
		if err == nil {
			page = out.ObjectParts
		}
		return err
	})
	return page, err
}

// partDigest is empty where the part has no checksum of the algorithm.
func partDigest(p types.ObjectPart, a checksum.Algorithm) string {
	value := map[checksum.Algorithm]*string{
		checksum.CRC32: p.ChecksumCRC32, checksum.CRC32C: p.ChecksumCRC32C, checksum.CRC64NVME: p.ChecksumCRC64NVME,
		checksum.MD5: p.ChecksumMD5, checksum.SHA1: p.ChecksumSHA1, checksum.SHA256: p.ChecksumSHA256, checksum.SHA512: p.ChecksumSHA512,
		checksum.XXHASH64: p.ChecksumXXHASH64, checksum.XXHASH3: p.ChecksumXXHASH3, checksum.XXHASH128: p.ChecksumXXHASH128,
	}[a]
	s, err := checksum.Parse(string(a), aws.ToString(value), string(checksum.FullObject))
	if err != nil {
		return "" // checksum.NewLayout tells
	}
	return s.Digest
}
