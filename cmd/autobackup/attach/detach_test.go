package attach_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	locals3 "autobackup/local/s3"
)

func TestDetachTellsWhatItTookBackAlsoToPrograms(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.run(attach.Run, w.options(docs))
	queue := aQueue(w)
	o := w.options(docs)
	o.EventBridgeOff = true
	r, screen := w.run(attach.Detach, o)
	assert.Contains(t, screen, "done     "+docs+": taken back: EventBridge off, no failure notices to "+queue+", as read back after it; its record is forgotten\n")
	assert.Contains(t, screen, "to be changed: 1; taken back of 1 bucket   exit 0")
	bucket, exit := told(t, r)
	assert.Equal(t, 0, exit)
	assert.Equal(t, true, bucket["changed"])
	assert.NotContains(t, bucket, "facts", "which detach does not read")
	record, _ := bucket["record"].(map[string]any)
	assert.Equal(t, docs, record["bucket"])

	r, screen = w.run(attach.Detach, o)
	assert.Contains(t, screen, docs+" (?, ?)   cannot be detached\n  FAIL     attach has recorded nothing of it", "where the bucket is was not looked at")
	bucket, exit = told(t, r)
	assert.Equal(t, 1, exit)
	assert.Equal(t, "cannot be detached", bucket["state"])
	assert.Equal(t, false, bucket["changed"])
}

func aQueue(w *world) string {
	return "arn:aws:sqs:" + w.first + ":" + account + ":autobackup-failure-queue-dev"
}

func TestWhereNothingIsLeftToTakeBackTheRecordIsForgottenAndNothingChanges(t *testing.T) {
	const forgotten, kept = "its record is forgotten", "that attach turned EventBridge on stays on record"
	for name, tt := range map[string]struct {
		edit               func(*world)
		says, record, call string
	}{
		"the bucket is gone": {func(w *world) { w.remove(docs) }, "the bucket is gone: its record is forgotten", forgotten, "DeleteObject"},
		"the name is another bucket's": {func(w *world) {
			w.remove(docs)
			w.bucket(docs, w.second, nil)
		}, "is not the one that was attached, which was in ", forgotten, "DeleteObject"},
		"somebody took it away": {func(w *world) {
			w.put(docs, &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}})
		}, "is not there as attach made it", kept, "PutObject"},
		"somebody took both away": {func(w *world) {
			w.put(docs, &types.NotificationConfiguration{})
		}, "is not there as attach made it", forgotten, "DeleteObject"},
	} {
		w := newWorld(t)
		w.pair(nil)
		w.run(attach.Run, w.options(docs))
		tt.edit(w)
		w.asked()
		r, screen := w.run(attach.Detach, w.options(docs))
		assert.Contains(t, screen, tt.says, name)
		assert.NotContains(t, screen, "  ?  ", name)
		assert.Contains(t, screen, "done     "+docs+": nothing had to be changed of it; "+tt.record, name)
		assert.Equal(t, []string{tt.call + " autobackup-dev-work-" + account}, w.writes(), name)
		bucket, exit := told(t, r)
		assert.Equal(t, 0, exit, name)
		assert.Equal(t, false, bucket["changed"], name)
		r, _ = w.run(attach.Detach, w.options(docs))
		assert.Equal(t, 1, r.Exit, name)
	}
}

func TestEventBridgeCanBeTurnedOffAfterADetachThatLeftItOn(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	o := w.options(docs)
	w.run(attach.Run, o)
	r, screen := w.run(attach.Detach, o)
	assert.Equal(t, 0, r.Exit)
	assert.Contains(t, screen, "as read back after it; that attach turned EventBridge on stays on record\n")
	r, screen = w.run(attach.Detach, o)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "FAIL     it was detached at 2026-11-28T09:00:00Z, and nothing but EventBridge is left to take back, which stays on\n")
	assert.Contains(t, screen, "nothing was changed: there is nothing to take back")

	w.run(attach.Run, o) // the notification again
	r, screen = w.run(attach.Detach, o)
	assert.Equal(t, 0, r.Exit, screen)
	assert.Contains(t, screen, "taken back: no failure notices to "+aQueue(w))

	o.EventBridgeOff = true
	r, screen = w.run(attach.Detach, o)
	assert.Equal(t, 0, r.Exit, screen)
	assert.Contains(t, screen, "taken back: EventBridge off, as read back after it; its record is forgotten\n")
	r, screen = w.run(attach.Detach, o)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "attach has recorded nothing of it")
}

// remove deletes an empty bucket.
func (w *world) remove(bucket string) {
	w.t.Helper()
	_, err := w.client().DeleteBucket(w.t.Context(), &s3.DeleteBucketInput{Bucket: &bucket})
	require.NoError(w.t, err)
}

func TestABucketThatWasNeverAttachedIsNotReadByDetach(t *testing.T) {
	w := newWorld(t)
	w.bucket("acme-far", w.second, nil)
	_, screen := w.run(attach.Detach, w.options("acme-far", "acme-nowhere"))
	assert.Equal(t, 2, strings.Count(screen, "attach has recorded nothing of it in the stage dev"))
	assert.NotContains(t, screen, "  ?  ")
	for call := range w.asked() {
		assert.Contains(t, call, "-work-", "nothing is asked of others' buckets")
	}
}

func TestOneBucketThatCantBeDetachedStopsNoOther(t *testing.T) {
	w := newWorld(t)
	names := w.pairs(4)
	w.run(attach.Run, w.options(names...))
	fail := func(operation, bucket string, f locals3.Fault) {
		w.failing(func(r locals3.Request) *locals3.Fault {
			if r.Operation == operation && r.Bucket == bucket {
				return &f
			}
			return nil
		})
	}
	fail("PutBucketNotificationConfiguration", "acme-0", locals3.Fault{Status: 503})
	r, screen := w.run(attach.Detach, w.options(names[:2]...))
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "FAIL     acme-0: change its notifications: PutBucketNotificationConfiguration answered 503 SlowDown")
	assert.Contains(t, screen, "done     acme-1: taken back: no failure notices to ")
	assert.Contains(t, screen, "taken back of 1 bucket of 2; the same command again goes on with the rest   exit 1")

	fail("GetBucketNotificationConfiguration", "acme-2", locals3.Fault{Status: 403, Code: "AccessDenied"})
	r, screen = w.run(attach.Detach, w.options("acme-2", "acme-0"))
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "acme-2 ("+account+", "+w.first+")   cannot be detached\n  FAIL     its notifications could not be read, and nothing is changed without: see below\n  ?        EventBridge and notifications: GetBucketNotificationConfiguration answered 403 AccessDenied")
	assert.Contains(t, screen, "done     acme-0: taken back: ")

	fail("PutObject", "autobackup-dev-work-"+account, locals3.Fault{Status: 400, Code: "ExpiredToken"})
	_, screen = w.run(attach.Detach, w.options("acme-2", "acme-3"))
	assert.Contains(t, screen, "FAIL     acme-2: it was taken back, and stays on record: record what is left in autobackup-dev-work-"+account+": PutObject answered 400 ExpiredToken")
	assert.Contains(t, screen, "FAIL     acme-3: not tried: nothing of it was changed")
	w.failing(nil)
	r, screen = w.run(attach.Detach, w.options("acme-2", "acme-3"))
	assert.Equal(t, 0, r.Exit, screen)
}

func TestWhoStopsDetachWhileItReadsIsToldNothingOfBuckets(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.run(attach.Run, w.options(docs))
	ctx, stop := context.WithCancel(t.Context())
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "GetBucketNotificationConfiguration" {
			stop()
		}
		return nil
	})
	w.asked()
	_, err := attach.Detach(ctx, w.config(), w.options(docs))
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, w.writes())
}
