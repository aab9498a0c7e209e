package pair

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithytime "github.com/aws/smithy-go/time"

	"autobackup/internal/comparebytes"
	"autobackup/internal/hashbytes"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Read reads the bytes of a version on both sides, through this machine, and compares
// them as compare-bytes does. The look has an object of one size on both sides.
func (p *Pair) Read(ctx context.Context, v s3event.ObjectVersion, look verdict.Look) verdict.Bytes {
	comparer := comparebytes.Comparer{Hasher: hasher{p.route}, Now: p.clock, Wait: smithytime.SleepWithContext}
	replica := look.Replicas[0].Side
	replica.Bucket = p.route.replicaName()
	read, err := comparer.Whole(ctx, comparebytes.PairOf(v.Key, v.VersionID, look.Primary, replica))
	if err != nil {
		return verdict.Bytes{Error: "reading failed: " + err.Error()}
	}
	return read
}

// hasher reads here what hash-bytes reads in its own region.
type hasher struct{ route route }

// Hash implements comparebytes.Hasher.
func (h hasher) Hash(ctx context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error) {
	return h.reader(region).Read(ctx, in)
}

// HashList implements comparebytes.Hasher.
func (h hasher) HashList(ctx context.Context, region string, list []hashbytes.Request) ([]hashbytes.Answer, error) {
	return h.reader(region).ReadList(ctx, list), nil
}

func (h hasher) reader(region string) hashbytes.Reader {
	return hashbytes.Reader{Objects: regional{h.route, region}}
}

// regional reads in one region, and leaves checking to the comparison, as
// hashbytes.Reader says.
type regional struct {
	route  route
	region string
}

// GetObject implements hashbytes.Objects.
func (r regional) GetObject(ctx context.Context, in *s3.GetObjectInput, o ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return r.route.GetObject(ctx, in, append(o, func(o *s3.Options) {
		o.Region = r.region
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})...)
}
