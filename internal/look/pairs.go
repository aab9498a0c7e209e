package look

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"autobackup/internal/batch"
	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Versions are object versions to be looked at in their own bucket and in one other, as an
// audit has it: a version that is no new upload, in a pair of buckets.
type Versions struct {
	Replica  string                  `json:"replica"` // bucket
	Versions []s3event.ObjectVersion `json:"versions"`
}

// MaxVersions is how many versions one invocation looks at: they take it a few seconds, and the
// answer stays far below the 6 MB that Lambda hands back.
const MaxVersions = 100

// Looks are those at Versions, in their order.
type Looks struct {
	Looks []verdict.Look `json:"looks"`
}

// Request is what fetch-etags is invoked with: a batch of the validation's workflow, or
// versions of an audit.
type Request struct {
	Batch    *batch.Batch
	Versions *Versions
}

// UnmarshalJSON implements json.Unmarshaler. What has "versions" is an audit's.
func (r *Request) UnmarshalJSON(data []byte) error {
	var asked struct {
		Versions json.RawMessage `json:"versions"`
	}
	if err := json.Unmarshal(data, &asked); err == nil && asked.Versions != nil {
		r.Versions = &Versions{}
		return json.Unmarshal(data, r.Versions)
	}
	r.Batch = &batch.Batch{}
	return json.Unmarshal(data, r.Batch)
}

// Validate refuses what is neither, and more versions than one invocation looks at.
func (r *Request) Validate() error {
	switch {
	case r.Versions == nil && r.Batch == nil:
		return errors.New(`the payload is neither a batch nor versions to look at`)
	case r.Versions == nil:
		return r.Batch.Validate()
	case r.Versions.Replica == "":
		return errors.New(`"replica" is missing: it is the bucket that the versions are compared with`)
	case len(r.Versions.Versions) > MaxVersions:
		return fmt.Errorf(`"versions" has %d: at most %d are looked at in one invocation`, len(r.Versions.Versions), MaxVersions)
	}
	return nil
}

// LookAt looks at versions in their bucket and in the replica that is named, whether or not a
// rule leads there. Like Look, it returns before ctx's deadline.
func (l *Looker) LookAt(ctx context.Context, of Versions) Looks {
	ctx, cancel := beforeDeadline(ctx)
	defer cancel()
	seen := make([]verdict.Look, len(of.Versions))
	var all errgroup.Group
	all.SetLimit(concurrency)
	for i, v := range of.Versions {
		all.Go(func() error {
			seen[i] = l.ruledAt(ctx, v, of.Replica)
			return nil
		})
	}
	_ = all.Wait() // as in Look
	return Looks{seen}
}

// ruledAt is At with what the primary's rules leave out. Where nobody may read these, they
// leave out nothing that anybody knows of: whoever compares two buckets tells that.
func (l *Looker) ruledAt(ctx context.Context, v s3event.ObjectVersion, replica string) verdict.Look {
	region, err := l.directory.region(ctx, v.Bucket)
	if err != nil {
		return verdict.Look{Primary: bounded(bucketSide(v.Bucket, err))}
	}
	rules, err := l.directory.replication(ctx, v, region)
	if err != nil && s3error.Found(err) != verdict.Denied {
		return verdict.Look{Primary: bounded(rulesSide(v.Bucket, region, err))}
	}
	return l.At(ctx, v, replica, RuleFor(rules, v.Key, replica))
}
