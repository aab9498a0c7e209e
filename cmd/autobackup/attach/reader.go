package attach

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/attach"
)

// Reader reads of buckets what a deployed stage rests on: where they are, versioning,
// replication rules and notifications. It is for who asks whether all is as it must be.
type Reader struct{ account *account }

// Open finds out who calls. others are configurations of the accounts that have replicas.
func Open(ctx context.Context, cfg aws.Config, stage string, others map[string]aws.Config) (*Reader, error) {
	a, err := identify(ctx, cfg, stage)
	if err != nil {
		return nil, err
	}
	a.few, a.owners = true, map[string]*s3.Client{}
	for id, of := range others {
		a.owners[id] = client(of)
	}
	return &Reader{a}, nil
}

// as is the account as its owner calls, where somebody named a profile of the owner's.
func (a *account) as(owner string) *account {
	client := a.owners[owner]
	if client == nil {
		return a
	}
	owned := *a
	owned.s3 = client
	return &owned
}

// Stage is the one that the caller's account has.
func (r *Reader) Stage() attach.Stage { return r.account.stage }

// S3 is the client that reads primaries.
func (r *Reader) S3() *s3.Client { return r.account.s3 }

// Buckets reads buckets and those that their rules lead to, in their order.
func (r *Reader) Buckets(ctx context.Context, names []string) ([]attach.Bucket, error) {
	all := make([]attach.Bucket, len(names))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, name := range names {
		group.Go(func() error {
			all[i] = r.account.empty(name)
			return r.account.bucket(within, &all[i])
		})
	}
	return all, errors.Join(group.Wait(), ctx.Err())
}
