package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/attach"
	"autobackup/internal/batch"
	"autobackup/internal/doctor"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
)

const (
	// rows are listed of a bucket: the first version, and one of another key, whose id no
	// version of the first one can have.
	rows = 10
	// together is how many messages fetch-etags gets at once, as the pipe sends it.
	together = 40
	noKey    = "autobackup doctor asks for this key, which nobody has"
)

// sought is an object version that fetch-etags is asked for.
type sought struct {
	bucket       int // of the facts
	absent       bool
	key, version string
}

// looks has the deployed fetch-etags look at a version of each bucket, and at one that is not
// there, as the pipe would have it look, and under its own role. It writes nothing, and no
// message is sent.
func (r *run) looks(ctx context.Context) error {
	if slices.ContainsFunc(r.Functions, func(f doctor.Function) bool { return f.Gone && f.Name == r.fetcher() }) {
		return nil
	}
	listed := make([][]sought, len(r.Buckets))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range r.Buckets {
		if b := &r.Buckets[i]; !b.Gone && b.Known(attach.Where) && b.Region == r.Stage.Region {
			group.Go(func() (err error) {
				listed[i], err = r.list(within, i)
				return err
			})
		}
	}
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return err
	}
	for all := range slices.Chunk(slices.Concat(listed...), together) {
		if err := r.ask(ctx, all); err != nil || r.Fails != "" {
			return err
		}
	}
	return nil
}

func (r *run) fetcher() string { return "autobackup-fetch-etags-" + r.Stage.Name }

// list finds what to ask for. Only a version that has an id can be asked for.
func (r *run) list(ctx context.Context, i int) ([]sought, error) {
	b := &r.Buckets[i]
	b.Look.Asked = true
	out, err := r.buckets.S3().ListObjectVersions(ctx, &s3.ListObjectVersionsInput{
		Bucket: &b.Bucket.Bucket, MaxKeys: aws.Int32(rows), EncodingType: types.EncodingTypeUrl, ExpectedBucketOwner: &r.Stage.Account,
	}, func(o *s3.Options) { o.Region = b.Region })
	if err != nil {
		return nil, Told("ListObjectVersions", err, nil, &b.Look.Unread)
	}
	var found []sought
	add := func(key, version *string) {
		if name, err := url.QueryUnescape(aws.ToString(key)); err == nil && aws.ToString(version) != "null" {
			found = append(found, sought{bucket: i, key: name, version: aws.ToString(version)})
		}
	}
	for _, v := range out.Versions {
		add(v.Key, v.VersionId)
	}
	for _, m := range out.DeleteMarkers {
		add(m.Key, m.VersionId)
	}
	if len(found) == 0 {
		b.Look.Empty = true
		return nil, nil
	}
	there, absent := found[0], found[0]
	absent.absent, absent.key = true, noKey
	for _, other := range found {
		if other.key != there.key {
			absent.key, absent.version, b.Look.Key = there.key, other.version, true
		}
	}
	return []sought{there, absent}, nil
}

// ask invokes fetch-etags until it has looked at all: it looks at as many as it has room for.
func (r *run) ask(ctx context.Context, all []sought) error {
	for len(all) > 0 {
		in := batch.Batch{Execution: r.arn("states", "execution:autobackup-validation-"+r.Stage.Name+":doctor")}
		for n, of := range all {
			body, err := r.event(of)
			if err != nil {
				return err
			}
			in.Messages = append(in.Messages, batch.Message{ID: fmt.Sprint("doctor-", n), Body: body})
		}
		out, why, err := r.invoke(ctx, in.Count())
		if err != nil || why != nil || r.Fails != "" {
			for _, of := range all {
				r.Buckets[of.bucket].Look.Unread = why
			}
			return err
		}
		var left []sought
		for n, of := range all {
			at := slices.IndexFunc(out.Messages, func(m batch.Message) bool { return m.ID == fmt.Sprint("doctor-", n) })
			look := &r.Buckets[of.bucket].Look
			switch {
			case at < 0 || out.Messages[at].Look == nil:
				left = append(left, of)
			case of.absent:
				look.Absent = out.Messages[at].Look
			default:
				look.There = out.Messages[at].Look
			}
		}
		if len(left) == len(all) {
			return nil // which the facts show
		}
		all = left
	}
	return nil
}

// invoke answers what fetch-etags did, or why it could not be invoked.
func (r *run) invoke(ctx context.Context, in batch.Batch) (out batch.Batch, why *doctor.Unread, err error) {
	payload, err := json.Marshal(in)
	if err != nil {
		return out, nil, err
	}
	answer, err := lambda.NewFromConfig(r.cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(r.fetcher()), Payload: payload})
	if err != nil {
		err = Told("Invoke", err, nil, &why)
		return out, why, err
	}
	if answer.FunctionError != nil {
		r.Fails = text.Line(strings.TrimSpace(*answer.FunctionError+": "+string(answer.Payload)), 300)
		return out, nil, nil
	}
	if err := json.Unmarshal(answer.Payload, &out); err != nil {
		r.Fails = "its answer is none of fetch-etags: it is of another version than this program"
	}
	return out, nil, nil
}

// event is an upload's, as EventBridge delivers it.
func (r *run) event(of sought) (string, error) {
	return s3event.Event(s3event.ObjectVersion{
		Bucket: r.Buckets[of.bucket].Bucket.Bucket, Key: of.key, VersionID: of.version, Account: r.Stage.Account, Region: r.Stage.Region,
		Time: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), Reason: "autobackup doctor",
	}, r.Stage.Partition)
}
