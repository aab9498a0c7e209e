package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	locals3 "autobackup/local/s3"
)

// uploads is how many files are uploaded at once.
const uploads = 8

// versions is how many an item makes at most: so many first looks there are,
// and the one at the message that is no event, and telling of them never blocks.
const versions = 2

// NotAnEvent is the message that is no S3 event.
const NotAnEvent = `{"hello": "this is no S3 event"}`

// object is an object version, or a message, that the demo waits for.
type object struct {
	bucket, category, name string // bucket of one that existed; name is printable
	id                     string // URI, or message id: what the watcher knows it by
	expect                 Expectation
	uploaded               time.Time
}

// upload puts everything to be validated into the primary buckets.
func (r *run) upload(ctx context.Context) error {
	items := Samples()
	if r.takesExisting() {
		items = append(items, invoice())
	}
	if r.Dir != "" {
		var err error
		if items, r.unread, err = files(r.Dir, r.pair.categories[0]); err != nil {
			return err
		}
	}
	for _, it := range items {
		if it.Bucket == "" && !slices.Contains(r.pair.categories, it.Category) {
			return fmt.Errorf("the samples need the category %s, and template.yaml has %s", it.Category, strings.Join(r.pair.categories, ", "))
		}
	}
	r.plan(items)
	r.display.uploading(len(items), r.watcher)
	uploads, err := r.uploader(ctx)
	if err != nil {
		return err
	}
	client := s3.NewFromConfig(uploads)
	u := uploader{run: r, client: client, manager: transfermanager.New(client), looked: make(chan string, versions*len(items)+1)}
	if r.Dir == "" {
		r.watcher.Looked = func(object string) { u.looked <- object }
	}
	if err := u.send(ctx, items); err != nil {
		return err
	}
	return u.overwriteWhenLooked(ctx, items)
}

// plan sets what becomes of each replication.
func (r *run) plan(items []Item) {
	plans := map[[2]string]locals3.Plan{}
	for _, it := range items {
		plans[[2]string{r.pair.bucket(it), it.Key}] = it.Plan
	}
	r.stack.S3.Replicate = func(o locals3.Replication) locals3.Plan { return plans[[2]string{o.Source, o.Key}] }
}

type uploader struct {
	*run
	client  *s3.Client
	manager *transfermanager.Client
	looked  chan string // URIs whose first look was judged
}

// send sends all that is sent before the first look: the clock does not jump in
// between.
func (u uploader) send(ctx context.Context, items []Item) error {
	defer u.clock.Work()()
	if err := u.all(ctx, items); err != nil || u.Dir != "" {
		return err
	}
	return u.sendNoEvent(ctx)
}

// all uploads the items. A file that can't be read is noted; anything else that
// fails ends the demo.
func (u uploader) all(ctx context.Context, items []Item) error {
	type result struct {
		objects []*object
		unread  *Unread
	}
	results := make([]result, len(items))
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for i, it := range items {
		if working.Err() != nil {
			break // the rest need not even be opened
		}
		group.Go(func() error {
			objects, err := u.one(working, it)
			results[i].objects = objects
			if missing := (*fileError)(nil); errors.As(err, &missing) {
				results[i].unread = &Unread{it.Key, missing.Error()}
				return nil
			}
			return err
		})
	}
	err := group.Wait()
	if ctx.Err() != nil { // rather than how it broke an upload, or none
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	for _, res := range results {
		u.objects = append(u.objects, res.objects...)
		if res.unread != nil {
			u.unread = append(u.unread, *res.unread)
		}
	}
	return nil
}

// one uploads an item and, where the item says so, deletes it again.
func (u uploader) one(ctx context.Context, it Item) ([]*object, error) {
	first, err := u.put(ctx, it)
	if err != nil {
		return nil, err
	}
	u.display.uploaded()
	if it.Then != Remove {
		return []*object{first}, nil
	}
	bucket := u.pair.bucket(it)
	out, err := u.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &it.Key})
	if err != nil {
		return nil, fmt.Errorf("delete %s: %w", first.name, err)
	}
	marker := u.object(it, aws.ToString(out.VersionId))
	marker.name += " (delete marker)"
	return []*object{first, marker}, nil
}

// fileError is a file that can't be read.
type fileError struct{ error }

func (e *fileError) Unwrap() error { return e.error }

func (u uploader) put(ctx context.Context, it Item) (*object, error) {
	defer u.clock.Work()()
	body, err := it.Open()
	if err != nil {
		return nil, &fileError{err}
	}
	reader := &reading{ReadSeekCloser: body}
	defer body.Close() //nolint:errcheck // only read
	bucket := u.pair.bucket(it)
	out, err := u.manager.UploadObject(ctx, &transfermanager.UploadObjectInput{Bucket: &bucket, Key: &it.Key, Body: reader})
	if reader.failed != nil {
		return nil, &fileError{reader.failed}
	}
	if err != nil {
		return nil, fmt.Errorf("upload %q: %w", it.Key, err)
	}
	return u.object(it, aws.ToString(out.VersionID)), nil
}

func (u uploader) object(it Item, version string) *object {
	v := s3event.ObjectVersion{Bucket: u.pair.bucket(it), Key: it.Key, VersionID: version}
	return &object{bucket: it.Bucket, category: it.Category, name: printable(it.Key), id: v.URI(), expect: it.Expect, uploaded: u.clock.Now()}
}

// sendNoEvent puts a message into the queue that no S3 bucket sent.
func (u uploader) sendNoEvent(ctx context.Context) error {
	queue := u.pair.outputs["ValidationQueueUrl"]
	operates, err := u.operator()
	if err != nil {
		return err
	}
	out, err := sqs.NewFromConfig(operates).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: aws.String(NotAnEvent)})
	if err != nil {
		return fmt.Errorf("send the message that is no S3 event: %w", err)
	}
	u.objects = append(u.objects, &object{
		name: "(a message that is no S3 event)", id: aws.ToString(out.MessageId),
		expect: failed(reason.MalformedEvent), uploaded: u.clock.Now(),
	})
	return nil
}

// patience is how long the first look at a file is waited for, by the stack's clock.
const patience = 24 * time.Hour

// overwriteWhenLooked puts a second version of the items to overwrite as soon
// as the first look at their first version was made.
func (u uploader) overwriteWhenLooked(ctx context.Context, items []Item) error {
	first := map[string]Item{}
	for _, it := range items {
		if it.Then == Overwrite {
			i := slices.IndexFunc(u.objects, func(o *object) bool { return o.name == printable(it.Key) })
			first[u.objects[i].id] = it
		}
	}
	late := make(chan struct{})
	defer u.clock.AfterFunc(patience, func() { close(late) })()
	for len(first) > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late: // nothing looks at them: the report tells of what has no verdict
			return nil
		case id := <-u.looked:
			it, wanted := first[id]
			if !wanted {
				continue
			}
			delete(first, id)
			second, err := u.put(ctx, it.Second())
			if err != nil {
				return err
			}
			second.name += " (second version)"
			u.objects = append(u.objects, second)
		}
	}
	return nil
}
