package attach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/discover"
	"autobackup/cmd/autobackup/identity"
	"autobackup/internal/attach"
	"autobackup/internal/s3error"
	"autobackup/internal/text"
)

// atOnce is how many buckets are read at once.
const atOnce = 8

// account is whom the buckets and the stage belong to, as the caller reaches them.
type account struct {
	cfg   aws.Config
	s3    *s3.Client
	arn   string // of the caller
	stage attach.Stage
	// listed are the buckets that exist and that the stage takes.
	listed []string
	// few: of a bucket nothing is read but what a deployed stage rests on. It is of Reader.
	few bool
	// owners are clients that call as the owners of replicas in other accounts, by account.
	owners map[string]*s3.Client
}

// identify asks who calls: everything is in the caller's account.
func identify(ctx context.Context, cfg aws.Config, stage string) (*account, error) {
	if err := identity.Check(ctx, cfg, identity.Wanted{For: "your account"}); err != nil {
		return nil, err
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("find out whose buckets these are: %s (%s)", s3error.Explain("GetCallerIdentity", err), identity.Unknown(err))
	}
	caller, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil {
		return nil, fmt.Errorf("find out whose buckets these are: the answer %s of GetCallerIdentity is no ARN", text.Quoted(aws.ToString(out.Arn), 100))
	}
	return &account{cfg: cfg, s3: client(cfg), arn: aws.ToString(out.Arn), stage: attach.Stage{
		Name: stage, Region: cfg.Region, Account: aws.ToString(out.Account), Partition: caller.Partition,
	}}, nil
}

func client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // only S3 itself has a host name for each bucket
		o.APIOptions = append(o.APIOptions, s3error.OwnAnswers)
		o.DisableLogOutputChecksumValidationSkipped = true // a record may have no checksum: nobody needs a line for that
	})
}

func in(region string) func(*s3.Options) { return func(o *s3.Options) { o.Region = region } }

// failed notes that a call did not tell a fact. What the credentials or the connection are
// to blame for ends everything: it would be the same for every other call.
func failed(side *attach.Side, f attach.Fact, operation string, err error) error {
	if next, is := identity.Denied(err); is {
		return fmt.Errorf("read %s: %s: %s", side.Bucket, s3error.Explain(operation, err), next)
	}
	u := attach.Unread{Fact: f, Why: text.Line(s3error.Explain(operation, err), 200)}
	if discover.Denied(err) {
		u.Grant = grant(operation, err)
	}
	side.Unread = append(side.Unread, u)
	return nil
}

// grant is the action that a denial is for: AWS tells it, of a call by the same account.
func grant(operation string, err error) string {
	if r, told := s3error.RefusalOf(err); told {
		return r.Action
	}
	return action(operation)
}

// read reads the buckets, in their order.
func (a *account) read(ctx context.Context, names []string) ([]attach.Bucket, error) {
	rules, unread := discover.UploadRules(ctx, a.cfg, a.stage.Region)
	if next, is := identity.Denied(unread); is {
		return nil, fmt.Errorf("read the rules of EventBridge: %s: %s", s3error.Explain("ListRules", unread), next)
	}
	for _, rule := range rules {
		if strings.HasPrefix(rule.Name, attach.TriggerPrefix+"Buckets") && attach.StageOf(rule.Name) == a.stage.Name {
			a.listed = append(a.listed, rule.Buckets...)
		}
	}
	parameters, unnamed, err := a.parameters(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]attach.Bucket, len(names))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, name := range names {
		group.Go(func() error {
			all[i] = a.empty(name)
			b := &all[i]
			if unread != nil {
				if err := failed(&b.Side, attach.Triggers, "ListRules", unread); err != nil {
					return err
				}
			}
			b.Listed = slices.Contains(a.listed, name)
			for _, rule := range rules {
				if stage := attach.StageOf(rule.Name); rule.Takes(b.Account, a.stage.Region, name) && !slices.Contains(b.Stages, stage) {
					b.Stages = append(b.Stages, stage)
					if stage == a.stage.Name {
						b.LeftOut, b.Only = rule.LeftOut, rule.Only
					}
				}
			}
			if err := a.bucket(within, b); err != nil || a.few {
				return err
			}
			if unnamed != nil {
				return failed(&b.Side, attach.Named, "DescribeStacks", unnamed)
			}
			b.LookUp(a.stage, parameters)
			return nil
		})
	}
	return all, errors.Join(group.Wait(), ctx.Err())
}

// parameters are the primary stack's, or why they are not known. They say which role looks.
func (a *account) parameters(ctx context.Context) (all map[string]string, unread, err error) {
	if a.few {
		return nil, nil, nil
	}
	stack, unread := discover.DescribeStack(ctx, a.cfg, a.stage.Stack())
	if next, is := identity.Denied(unread); is {
		return nil, nil, fmt.Errorf("read the stack %s: %s: %s", a.stage.Stack(), s3error.Explain("DescribeStacks", unread), next)
	}
	if unread == nil && stack.Status == "" {
		unread = fmt.Errorf("there is no stack %s in %s: mend --stage and --region, unless it has another name", a.stage.Stack(), a.stage.Region)
	}
	a.stage = a.stage.Named(stack.Parameters)
	return stack.Parameters, unread, nil
}

// empty is a bucket of which nothing is read yet.
func (a *account) empty(name string) attach.Bucket {
	b := attach.Bucket{Side: side(name), Tags: map[string]string{}, Stages: []string{}, Replicas: []attach.Side{}, Rules: []attach.Rule{}}
	b.Account = a.stage.Account
	return b
}

func side(bucket string) attach.Side {
	return attach.Side{Bucket: bucket, Expires: []string{}, Unread: []attach.Unread{}}
}

// bucket reads a primary and the buckets that its rules lead to.
func (a *account) bucket(ctx context.Context, b *attach.Bucket) error {
	if err := a.locate(ctx, &b.Side, &b.Account); err != nil || b.Gone || b.Region == "" { // it is refused by that alone
		return err
	}
	p := primaryReader{reader{a, &b.Side, &b.Account}, b}
	if err := p.all(ctx); err != nil {
		return err
	}
	for _, rule := range b.Rules {
		if !rule.Enabled || slices.ContainsFunc(b.Replicas, func(s attach.Side) bool { return s.Bucket == rule.To }) {
			continue
		}
		replica := side(rule.To)
		owner := &a.stage.Account
		if rule.Account != "" {
			owner = &rule.Account
		}
		if err := a.locate(ctx, &replica, owner); err != nil {
			return err
		}
		if !replica.Gone {
			if err := (reader{a.as(*owner), &replica, nil}).common(ctx); err != nil {
				return err
			}
		}
		b.Replicas = append(b.Replicas, replica)
	}
	return nil
}

// locate finds a bucket's region, and whether it belongs to an owner. Every answer about a
// bucket names its region, also one that refuses.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (a *account) locate(ctx context.Context, side *attach.Side, owner *string) error {
	in := &s3.HeadBucketInput{Bucket: &side.Bucket, ExpectedBucketOwner: owner}
	out, err := a.s3.HeadBucket(ctx, in)
	if err == nil {
		side.Region, side.Account = aws.ToString(out.BucketRegion), *owner
	}
	if named := s3error.Header(err).Get("X-Amz-Bucket-Region"); named != "" {
		side.Region = named
		if s3error.Status(err) == http.StatusMovedPermanently || s3error.Status(err) == http.StatusBadRequest { // asked again where it is
			if _, err = a.s3.HeadBucket(ctx, in, func(o *s3.Options) { o.Region = named }); err == nil {
				side.Account = *owner
			}
		}
	}
	switch {
	case err == nil:
	case s3error.Status(err) == http.StatusNotFound:
		side.Gone = true
	case side.Region != "" && discover.Denied(err) && side.Account == "": // of a replica: the other calls say what is refused
		if *owner != a.stage.Account {
			side.Account = *owner // as the rule says
		}
	default:
		return failed(side, attach.Where, "HeadBucket", err)
	}
	return nil
}

// record reads what attach changed of a bucket before; nil: nothing.
func (a *account) record(ctx context.Context, bucket string) (*attach.Record, error) {
	out, err := a.s3.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(a.stage.WorkBucket()), Key: aws.String(attach.RecordKey(bucket)), ExpectedBucketOwner: &a.stage.Account,
	}, in(a.stage.Region))
	switch s3error.Code(err) {
	case "NoSuchKey":
		return nil, nil
	case "NoSuchBucket", "PermanentRedirect":
		return nil, noStage{a.stage}
	}
	if err != nil {
		return nil, err
	}
	defer out.Body.Close() //nolint:errcheck // it was read
	content, err := io.ReadAll(io.LimitReader(out.Body, maxRecord))
	if err != nil {
		return nil, err
	}
	var r attach.Record
	if err := json.Unmarshal(content, &r); err != nil || r.Version != attach.RecordVersion || r.Bucket != bucket {
		return nil, fmt.Errorf("s3://%s/%s is no record that this version of autobackup wrote: use the one that did", a.stage.WorkBucket(), attach.RecordKey(bucket))
	}
	return &r, nil
}

const maxRecord = 1 << 20

// noStage is what comes of a stage that is not deployed.
type noStage struct{ attach.Stage }

func (n noStage) Error() string {
	return fmt.Sprintf("the stage %s has no working bucket %s in %s: deploy it first (docs/deploy.md), or name another with --stage and --region", n.Name, n.WorkBucket(), n.Region)
}
