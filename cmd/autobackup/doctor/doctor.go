package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/attach"
	"autobackup/cmd/autobackup/discover"
	"autobackup/cmd/autobackup/identity"
	"autobackup/internal/doctor"
	"autobackup/internal/s3error"
	"autobackup/internal/text"
)

// atOnce is how many calls are made at once.
const atOnce = 8

// Options are the command's.
type Options struct {
	Stage string
	// Now reads the clock: until then metrics are read.
	Now func() time.Time
	// Owners are configurations by which replicas of other accounts are read.
	Owners []aws.Config
}

// run is one Run.
type run struct {
	cfg     aws.Config
	now     func() time.Time
	owners  map[string]aws.Config // by account
	buckets *attach.Reader
	all     []discover.UploadRule // the stage's, in the order of the facts' rules
	doctor.Facts
}

// Run reads the stage's facts and judges them. An error means that nothing could be found
// out, as where nobody knows the credentials.
func Run(ctx context.Context, cfg aws.Config, o Options) (doctor.Report, error) {
	r := &run{cfg: cfg, now: o.Now, owners: map[string]aws.Config{}}
	for _, owner := range o.Owners {
		out, err := sts.NewFromConfig(owner).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return doctor.Report{}, fmt.Errorf("find out whose a profile of --replica-profile is: %s (%s)", s3error.Explain("GetCallerIdentity", err), identity.Unknown(err))
		}
		r.owners[aws.ToString(out.Account)] = owner
	}
	var err error
	if r.buckets, err = attach.Open(ctx, cfg, o.Stage, r.owners); err != nil {
		return doctor.Report{}, err
	}
	r.Stage = r.buckets.Stage()
	if err := r.read(ctx); err != nil {
		return doctor.Report{}, err
	}
	report := doctor.Judge(r.Facts)
	return report, r.history(ctx, &report)
}

func (r *run) read(ctx context.Context) error {
	primary := doctor.Stack{Name: "autobackup-" + r.Stage.Name, Region: r.Stage.Region, Account: r.Stage.Account}
	if err := r.stack(ctx, &primary); err != nil {
		return err
	}
	r.Stacks = append([]doctor.Stack{primary}, r.replicas(primary)...)
	if primary.Status == "" && primary.Unread == nil {
		r.Stacks = r.Stacks[:1]
		return nil // nothing of it is there
	}
	r.Functions = r.named()
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range r.Stacks[1:] {
		group.Go(func() error { return r.stack(within, &r.Stacks[i+1]) })
	}
	for i := range r.Functions {
		group.Go(func() error { return r.function(within, &r.Functions[i]) })
	}
	for _, read := range []func(context.Context) error{r.mapping, r.topic, r.pipe, r.machine, r.audits, r.heartbeats, r.rules, r.queues, r.alarms} {
		group.Go(func() error { return read(within) })
	}
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return err
	}
	if err := r.taken(ctx, primary); err != nil {
		return err
	}
	return r.looks(ctx)
}

// replicas are the replica stacks that the primary one names, by its functions that read
// bytes: there may be none, where nobody lets them read.
func (r *run) replicas(primary doctor.Stack) (all []doctor.Stack) {
	add := func(region, account string) {
		one := doctor.Stack{Name: "autobackup-replica-" + r.Stage.Name, Region: region, Account: account, Replica: true}
		if !slices.ContainsFunc(all, func(s doctor.Stack) bool { return s.Region == region && s.Account == account }) {
			all = append(all, one)
		}
	}
	for _, reader := range primary.Readers() {
		if a, err := arn.Parse(reader); err == nil {
			add(a.Region, a.AccountID)
		}
	}
	if region := primary.Parameters["ReplicaRegion"]; region != "" && len(all) == 0 {
		account := primary.Parameters["ReplicaAccount"]
		if account == "" {
			account = r.Stage.Account
		}
		add(region, account)
	}
	return all
}

// functions are those of the primary stack. Each replica stack has the last one.
var functions = []string{"fetch-etags", "compare-etags", "compare-bytes", "failure-notifier", "hash-bytes"}

// named are the functions of all stacks that there should be.
func (r *run) named() (all []doctor.Function) {
	for _, s := range r.Stacks {
		names := slices.Clone(functions)
		if s.Replica {
			names = functions[len(functions)-1:]
		}
		if !s.Replica && makesAudits(s) {
			names = append(names, "audit")
		}
		if days := s.Parameters["EvidenceDays"]; !s.Replica && days != "" && days != "0" {
			names = append(names, "evidence")
		}
		for _, name := range names {
			all = append(all, doctor.Function{Name: "autobackup-" + name + "-" + r.Stage.Name, Region: s.Region, Account: s.Account, Stack: s.Name})
		}
	}
	return all
}

// in is the configuration for a region of an account; false: nobody named a profile of it.
func (r *run) in(region, account string) (aws.Config, bool) {
	cfg, has := r.cfg, account == r.Stage.Account
	if owner, named := r.owners[account]; named {
		cfg, has = owner, true
	}
	cfg = cfg.Copy()
	cfg.Region = region
	return cfg, has
}

// stranger says why nothing of another account is known.
func (r *run) stranger(account string) *doctor.Unread {
	return &doctor.Unread{Why: fmt.Sprintf("it is in the account %s, and the credentials are of %s: name a profile of its with --replica-profile", account, r.Stage.Account)}
}

// taken reads the buckets whose uploads the stage takes: by its parameters, or where those
// could not be read by its rules' patterns, which name no bucket of a category.
func (r *run) taken(ctx context.Context, primary doctor.Stack) error {
	var names []string
	categories := map[string]string{}
	for _, category := range primary.Categories() {
		name := "autobackup-" + r.Stage.Name + "-primary-" + category + "-" + r.Stage.Account
		names, categories[name] = append(names, name), category
	}
	names = append(names, primary.Listed()...)
	for _, trigger := range r.all {
		if primary.Unread != nil {
			names = append(names, trigger.Buckets...)
		}
	}
	names = slices.Compact(names)
	read, err := r.buckets.Buckets(ctx, names)
	if err != nil {
		return err
	}
	for _, b := range read {
		r.Buckets = append(r.Buckets, doctor.Bucket{Bucket: b, Category: categories[b.Bucket]})
	}
	for i, trigger := range r.all {
		for _, name := range names {
			if trigger.Takes(r.Stage.Account, r.Stage.Region, name) {
				r.Rules[i].Buckets = append(r.Rules[i].Buckets, name)
			}
		}
	}
	return nil
}

func unread(operation string, err error) (*doctor.Unread, error) {
	return Unread(operation, action(operation), err)
}

// Unread says why a call did not tell what it was made for, and which action lets it. What the
// credentials are to blame for ends everything, as it would be the same for every other call.
func Unread(operation, action string, err error) (*doctor.Unread, error) {
	if next, is := identity.Denied(err); is {
		return nil, fmt.Errorf("%s: %s", s3error.Explain(operation, err), next)
	}
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	u := &doctor.Unread{Why: text.Line(s3error.Explain(operation, err), 200)}
	switch refusal, told := s3error.RefusalOf(err); {
	case told: // also of what the call does behind itself, such as KMS's for SQS
		u.Grant = refusal.Action
	case discover.Denied(err) || s3error.Code(err) == "AuthorizationError": // SNS has a code of its own
		u.Grant = action
	}
	return u, nil
}

// missing says whether an answer says that what was asked for is not there.
func missing(err error) bool {
	code := s3error.Code(err)
	return strings.Contains(code, "NotFound") || strings.HasSuffix(code, "DoesNotExist") || strings.HasSuffix(code, "NonExistentQueue")
}

// Told handles what a call was answered: whether what it asks for is not there, and why it is
// not known.
func Told(operation string, err error, gone *bool, why **doctor.Unread) error {
	switch {
	case err == nil:
		return nil
	case gone != nil && missing(err):
		*gone = true
		return nil
	}
	u, err := unread(operation, err)
	*why = u
	return err
}

func (r *run) arn(service, resource string) string {
	return "arn:" + r.Stage.Partition + ":" + service + ":" + r.Stage.Region + ":" + r.Stage.Account + ":" + resource
}
