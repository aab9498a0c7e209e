package notify

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/s3error"
	"autobackup/internal/text"
	"autobackup/internal/ticket"
)

// What a tag's value takes at most, in characters
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html), and what is
// told of an error.
const (
	maxTag   = 256
	maxError = 300
)

// owner is what a bucket's tag says, or why that is not known.
type owner struct{ value, err string }

// owners reads the tags of each bucket once in an invocation: people change them.
type owners struct {
	Notifier
	known map[string]owner
}

// fill sets the owner of an event. An event never waits for one: where the tags can't be
// read, it says why.
func (o owners) fill(ctx context.Context, d *ticket.Detail) {
	if o.OwnerTag == "" || d.Object == nil {
		return
	}
	bucket := d.Object.Name
	found, ok := o.known[bucket]
	if !ok {
		found = o.read(ctx, bucket)
		o.known[bucket] = found
	}
	d.Owner, d.OwnerError = found.value, found.err
}

func (o owners) read(ctx context.Context, bucket string) owner {
	out, err := o.S3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &bucket})
	if s3error.Code(err) == "NoSuchTagSet" {
		return owner{}
	}
	if err != nil {
		err = fmt.Errorf("read the tags of s3://%s for the owner, which takes s3:GetBucketTagging: %w", bucket, err)
		o.Log.WarnContext(ctx, "no owner", "bucket", bucket, "error", err.Error())
		return owner{err: text.Line(err.Error(), maxError)}
	}
	for _, tag := range out.TagSet {
		if aws.ToString(tag.Key) == o.OwnerTag {
			return owner{value: text.Shorten(aws.ToString(tag.Value), 4*maxTag)}
		}
	}
	return owner{}
}
