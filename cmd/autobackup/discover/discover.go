package discover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/identity"
	"autobackup/cmd/autobackup/terminal"
	"autobackup/internal/s3error"
)

// atOnce is how many accounts are read at once, and how many buckets of each.
const atOnce = 8

// Options are the command's.
type Options struct {
	Role       string   // of the other accounts
	ExternalID string   // that the role asks for
	Accounts   []string // others than the caller's
	Regions    []string // in which to look for S3's other kinds of buckets, beside those of the buckets
	Progress   io.Writer
}

// run is one Run.
type run struct {
	Options
	cfg      aws.Config
	own      string // account
	arn      arn.ARN
	accounts *progress.Tracker
	buckets  *progress.Tracker
	total    atomic.Int64
}

// Run reads the caller's account and the others. An error means that the caller's own could
// not be read; what is wrong with others is in the report.
func Run(ctx context.Context, cfg aws.Config, o Options) (*Report, error) {
	shown := terminal.On(o.Progress)
	defer shown.Stop()
	r := &run{Options: o, cfg: cfg}
	if err := r.identify(ctx); err != nil {
		return nil, err
	}
	ids := []string{r.own}
	for _, id := range o.Accounts {
		if id != r.own {
			ids = append(ids, id)
		}
	}
	r.accounts, r.buckets = shown.Track("accounts", len(ids)), shown.Track("buckets", 1)
	r.total.Store(1) // stands for the listing itself, so that the line stays until all accounts are read
	facts, err := r.read(ctx, ids)
	if err != nil {
		return nil, err
	}
	r.buckets.Increment(1)
	return report(r.arn.String(), facts), nil
}

// identify asks who calls. A server that has S3 alone knows no STS: what needs the account
// is unknown there.
func (r *run) identify(ctx context.Context) error {
	if err := identity.Check(ctx, r.cfg, identity.Wanted{For: "your account"}); err != nil {
		return err
	}
	out, err := sts.NewFromConfig(r.cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err == nil {
		r.own = aws.ToString(out.Account)
		if r.arn, err = arn.Parse(aws.ToString(out.Arn)); err == nil {
			return nil
		}
	}
	if r.Role != "" || aws.ToString(r.cfg.BaseEndpoint) == "" {
		return fmt.Errorf("find out whose buckets to list: %s (%s)", s3error.Explain("GetCallerIdentity", err), identity.Unknown(err))
	}
	return nil
}

// read reads all accounts; facts are in the order of ids.
func (r *run) read(ctx context.Context, ids []string) (Facts, error) {
	each := make([]Facts, len(ids))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, id := range ids {
		group.Go(func() error {
			a, buckets, err := r.account(ctx, id)
			each[i] = Facts{[]Account{a}, buckets}
			r.accounts.Increment(1)
			return err
		})
	}
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return Facts{}, err
	}
	var all Facts
	for _, f := range each {
		all.Accounts, all.Buckets = append(all.Accounts, f.Accounts...), append(all.Buckets, f.Buckets...)
	}
	return all, nil
}

// account reads one. Only the caller's own is an error where it can't be listed.
func (r *run) account(ctx context.Context, id string) (Account, []Bucket, error) {
	a := Account{ID: id, Regions: []string{}, Others: []Other{}}
	cfg := r.cfg
	if id != r.own {
		var err error
		if cfg, err = r.assume(ctx, id); err != nil {
			u := unread("", "", "AssumeRole", err)
			a.Unread = &u
			return a, nil, nil
		}
	}
	from := newReader(cfg, id)
	buckets, err := from.buckets(ctx)
	if err != nil {
		u := unread("", "", "ListBuckets", err)
		if id == r.own {
			return a, nil, fmt.Errorf("list the buckets of your account: %s%s", u.Why, advice(u, err))
		}
		a.Unread = &u
		return a, nil, nil
	}
	r.buckets.UpdateTotal(r.total.Add(int64(len(buckets))))
	r.fill(ctx, from, &a, buckets)
	return a, buckets, nil
}

func advice(u Unread, err error) string {
	if u.Grant != "" {
		return " (grant " + u.Grant + ")"
	}
	if next, is := identity.Denied(err); is {
		return " (" + next + ")"
	}
	return ""
}

// assume takes the role of another account, and says why it can't before anything else does.
func (r *run) assume(ctx context.Context, id string) (aws.Config, error) {
	role := fmt.Sprintf("arn:%s:iam::%s:role/%s", r.arn.Partition, id, r.Role)
	cfg := r.cfg.Copy()
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(r.cfg), role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "autobackup-discover"
		if r.ExternalID != "" {
			o.ExternalID = &r.ExternalID
		}
	}))
	_, err := cfg.Credentials.Retrieve(ctx)
	return cfg, err
}

// fill reads everything about the buckets of an account, and what it has beside them.
func (r *run) fill(ctx context.Context, from *reader, a *Account, buckets []Bucket) {
	parallel(len(buckets), func(i int) { from.locate(ctx, &buckets[i]) })
	a.Regions = append(a.Regions, r.cfg.Region)
	a.Regions = append(a.Regions, r.Regions...)
	for i := range buckets {
		if buckets[i].Region != "" {
			a.Regions = append(a.Regions, buckets[i].Region)
		}
	}
	slices.Sort(a.Regions)
	a.Regions = slices.Compact(a.Regions)
	triggers, failed := make([][]UploadRule, len(a.Regions)), make([]error, len(a.Regions))
	parallel(len(a.Regions), func(i int) { triggers[i], failed[i] = UploadRules(ctx, from.cfg, a.Regions[i]) })
	parallel(len(buckets), func(i int) {
		b := &buckets[i]
		from.look(ctx, b)
		if at, found := slices.BinarySearch(a.Regions, b.Region); found {
			b.match(triggers[at], failed[at])
		}
		r.buckets.Increment(1)
	})
	a.Others = make([]Other, len(kinds))
	parallel(len(kinds), func(i int) { a.Others[i] = from.other(ctx, i, a.Regions) })
}

// match finds the triggers that take the bucket. Where they could not all be read, that none
// was found says nothing.
func (b *Bucket) match(triggers []UploadRule, failed error) {
	for _, t := range triggers {
		if !t.Takes(b.Account, b.Region, b.Name) {
			continue
		}
		b.join(t)
		b.Triggers = append(b.Triggers, t.Name)
	}
	if failed != nil && len(b.Triggers) == 0 {
		b.Unread = append(b.Unread, unread(Trigger, b.Region, "ListRules", failed))
	}
}

// join notes which keys are not taken by another rule, either. Where one rule names what it leaves out and
// another what it takes, nothing is lost by what the first one says alone.
func (b *Bucket) join(t UploadRule) {
	switch {
	case len(b.Triggers) == 0:
		b.LeftOut, b.Only = t.LeftOut, t.Only
	case len(b.LeftOut)+len(b.Only) == 0: // all are taken
	case len(t.LeftOut)+len(t.Only) == 0:
		b.LeftOut, b.Only = nil, nil
	case len(b.Only) > 0 && len(t.Only) > 0:
		b.Only = append(slices.Clone(b.Only), t.Only...)
	case len(b.Only) > 0:
		b.LeftOut, b.Only = t.LeftOut, nil
	case len(t.Only) == 0:
		b.LeftOut = leftOut(b.LeftOut, t.LeftOut)
	}
}

// leftOut are the beginnings of keys that two rules both leave out: the longer of two of which one begins
// with the other.
func leftOut(one, other []string) (both []string) {
	for _, a := range one {
		for _, b := range other {
			if longer := max(a, b); strings.HasPrefix(longer, min(a, b)) && !slices.Contains(both, longer) {
				both = append(both, longer)
			}
		}
	}
	return both
}

// parallel does n things, a few at once.
func parallel(n int, do func(int)) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range n {
		group.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = group.Wait() // nothing in it fails
}
