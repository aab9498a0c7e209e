package pair

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"autobackup/internal/audit"
	"autobackup/internal/look"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Options names the buckets, and who reads them.
type Options struct {
	Primary  string   // bucket
	Replicas []string // buckets; none: those that the primary's rules lead to
	From, To Access   // of the primary, of all replicas
	Pace     *Pace
	// Config is what both sides are reached with, in the place of what the AWS
	// configuration says: a function has its own. nil: From and To are loaded.
	Config *aws.Config
	// HTTP sends all requests; nil: as the SDK does.
	HTTP aws.HTTPClient
	// Now is when reading began. The rules of lifecycles are judged by it. Zero is when Open has, by
	// Clock.
	Now time.Time
	// Clock ages what looks remember of buckets.
	Clock func() time.Time
	// API adds to what the SDK does for each request of both sides.
	API []func(*middleware.Stack) error
}

// Pair is a primary bucket and one replica of it.
type Pair struct {
	Primary, Replica *Side
	now              time.Time
	clock            func() time.Time
	looker           *look.Looker
	route            route
}

// Open reads what both sides' buckets say of themselves. There is a Pair for each
// replica.
func Open(ctx context.Context, o Options) ([]*Pair, error) {
	from, err := connect(ctx, "the primary "+o.Primary, "--profile", o.From, o)
	if err != nil {
		return nil, err
	}
	primary, err := open(ctx, from, o.Primary, o.From)
	if err != nil {
		return nil, err
	}
	replicas := o.Replicas
	if len(replicas) == 0 {
		if replicas, err = followed(primary); err != nil {
			return nil, err
		}
	}
	to, err := connect(ctx, "the replica "+strings.Join(replicas, ", "), "--replica-profile", o.To, o)
	if err != nil {
		return nil, err
	}
	if o.Now.IsZero() {
		o.Now = o.Clock()
	}
	var pairs []*Pair
	for _, bucket := range replicas {
		replica, err := open(ctx, to, bucket, o.To)
		if spent := (errSpent{}); errors.As(err, &spent) {
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("%w\nif it is another account's, give --replica-profile or --replica-role", err)
		}
		if replica.Bucket == primary.Bucket && replica.Endpoint == primary.Endpoint {
			return nil, fmt.Errorf("compare %s with itself: name another bucket, or another server's with --replica-endpoint", bucket)
		}
		pairs = append(pairs, newPair(primary, replica, o))
	}
	return pairs, nil
}

func open(ctx context.Context, a account, bucket string, access Access) (*Side, error) {
	region, err := locate(ctx, a, bucket)
	if err != nil {
		return nil, err
	}
	return read(ctx, a, bucket, region, cmp.Or(access.Endpoint, from(a)))
}

// from is another S3's address that the AWS configuration names.
func from(a account) string {
	if a.config.BaseEndpoint == nil {
		return ""
	}
	return *a.config.BaseEndpoint
}

func newPair(primary, replica *Side, o Options) *Pair {
	r := route{primary, replica}
	return &Pair{Primary: primary, Replica: replica, now: o.Now, clock: o.Clock, route: r, looker: look.New(r, r, o.Clock).Within(patience)}
}

// followed is the buckets that the primary's rules lead to.
func followed(primary *Side) ([]string, error) {
	found := look.Destinations(primary.replication)
	if len(found) > 0 {
		return found, nil
	}
	if why := primary.unread(rulesAction); why != "" {
		return nil, errors.New("follow the replication rules of " + primary.Bucket + ": " + why + ", or name the replica: s3://PRIMARY s3://REPLICA")
	}
	return nil, LeadsNowhereError{primary}
}

// LeadsNowhereError is of a bucket from which no enabled replication rule leads.
type LeadsNowhereError struct{ Side *Side }

// Error implements error.
func (e LeadsNowhereError) Error() string {
	return fmt.Sprintf("follow the replication rules of %s: it has none that is enabled: name the bucket to compare with: s3://%s s3://REPLICA", e.Side.Bucket, e.Side.Bucket)
}

// IsReplica says whether replication brought the version, or the newest of the key where
// none is named, to the bucket.
func (s *Side) IsReplica(ctx context.Context, key, version string) bool {
	in := &s3.HeadObjectInput{Bucket: &s.Bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := s.Client.HeadObject(ctx, in, s.in())
	return err == nil && out.ReplicationStatus == types.ReplicationStatusReplica
}

// Rules is what both buckets' configurations say about versions.
func (p *Pair) Rules() audit.Rules {
	leads := slices.Contains(look.Destinations(p.Primary.replication), p.Replica.Bucket)
	return rules{p.Primary, p.Replica, p.now, leads}
}

// Look looks at one version on both sides.
func (p *Pair) Look(ctx context.Context, v s3event.ObjectVersion) verdict.Look {
	rule := look.RuleFor(p.Primary.replication, v.Key, p.Replica.Bucket)
	seen := p.looker.At(ctx, v, p.route.replicaName(), rule)
	for i := range seen.Replicas {
		seen.Replicas[i].Bucket = p.Replica.Bucket
		seen.Replicas[i].Detail = strings.ReplaceAll(seen.Replicas[i].Detail, alias, p.Replica.Bucket)
	}
	return seen
}

// patience is how long one call of a look may take: with the rate cut to the least, and
// with all retries, it may be minutes until its turn comes.
const patience = 10 * time.Minute
