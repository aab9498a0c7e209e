package s3_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/s3"
)

const queue = "arn:aws:sqs:us-east-1:" + account + ":failures"

// notified keeps what is sent to the queue.
func notified(l *local) *[]map[string]any {
	var all []map[string]any
	l.server.OnNotification = func(_, arn string, message []byte) error {
		if arn != queue {
			return errors.New("there is no queue " + arn)
		}
		var decoded map[string]any
		l.mu.Lock()
		defer l.mu.Unlock()
		all = append(all, decoded)
		return json.Unmarshal(message, &all[len(all)-1])
	}
	return &all
}

func configure(ctx context.Context, l *local, arn string, events ...types.Event) error {
	_, err := l.client("http", primary).PutBucketNotificationConfiguration(ctx, &awss3.PutBucketNotificationConfigurationInput{
		Bucket: aws.String(source), NotificationConfiguration: &types.NotificationConfiguration{
			QueueConfigurations: []types.QueueConfiguration{{Id: aws.String("failures"), QueueArn: &arn, Events: events}},
		}})
	return err
}

// measured are rules with metrics.
func measured(destinations ...string) *s3.ReplicationConfiguration {
	r := rules(destinations...)
	for i := range r.Rules {
		r.Rules[i].ID, r.Rules[i].Destination.Metrics = "everything", &s3.Metrics{Status: "Enabled"}
	}
	return r
}

func TestAReplicationThatFailsIsNotifiedInS3sForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, measured(destination), destination)
		messages := notified(l)
		require.NoError(t, configure(t.Context(), l, queue, types.Event(s3.EventReplicationFailed)))
		require.Len(t, *messages, 1)
		assert.Equal(t, "s3:TestEvent", (*messages)[0]["Event"])
		assert.Equal(t, source, (*messages)[0]["Bucket"])

		l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true, Lag: time.Minute} }
		put := l.put(t, "Größe 50% +.pdf", "text")
		l.settle()
		require.Len(t, *messages, 2)
		record := (*messages)[1]["Records"].([]any)[0].(map[string]any)
		about := record["s3"].(map[string]any)
		object := about["object"].(map[string]any)
		assert.Equal(t, "Gr%C3%B6%C3%9Fe+50%25+%2B.pdf", object["key"])
		assert.Equal(t, *put.VersionId, object["versionId"])
		assert.InDelta(t, 4, object["size"], 0)
		assert.Equal(t, "failures", about["configurationId"])
		assert.Equal(t, map[string]any{
			"replicationRuleId": "everything", "destinationBucket": "arn:aws:s3:::" + destination, "s3Operation": "OBJECT_PUT",
			"requestTime": "2000-01-01T00:00:00.000Z", "failureReason": "DstPutObjectNotPermitted",
		}, record["replicationEventData"])
		assert.Equal(t, []any{"Replication:OperationFailedReplication", "2000-01-01T00:01:00.000Z"}, []any{record["eventName"], record["eventTime"]})
	})
}

func TestOnlyRulesWithMetricsNotifyAndOnlyOfFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		rules *s3.ReplicationConfiguration
		plan  s3.Plan
	}{"no metrics": {rules(destination), s3.Plan{Fail: true}}, "no failure": {measured(destination), s3.Plan{}}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pair(t, tc.rules, destination)
				messages := notified(l)
				require.NoError(t, configure(t.Context(), l, queue, types.Event(s3.EventReplicationFailed)))
				l.server.Replicate = func(s3.Replication) s3.Plan { return tc.plan }
				l.put(t, "k", "v")
				l.settle()
				assert.Len(t, *messages, 1, "the test event")
			})
		})
	}
}

func TestTheReasonOfAFailureFits(t *testing.T) {
	const gone = "gone"
	for want, do := range map[string]func(*testing.T, *local){
		"DstBucketNotFound": func(t *testing.T, l *local) { l.put(t, "k", "v") },
		"SrcVersionNotFound": func(t *testing.T, l *local) {
			put := l.put(t, "k", "v")
			_, err := l.client("http", primary).DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: aws.String("k"), VersionId: put.VersionId})
			require.NoError(t, err)
		},
		"DstDelObjNotPermitted": func(t *testing.T, l *local) {
			l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true} }
			_, err := l.client("http", primary).DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: aws.String("k")})
			require.NoError(t, err)
		},
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pair(t, measured(gone))
				messages := notified(l)
				require.NoError(t, configure(t.Context(), l, queue, types.Event(s3.EventReplicationFailed)))
				l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: time.Minute} }
				do(t, l)
				l.settle()
				require.Len(t, *messages, 2)
				record := (*messages)[1]["Records"].([]any)[0].(map[string]any)
				assert.Equal(t, want, record["replicationEventData"].(map[string]any)["failureReason"])
			})
		})
	}
}

func TestAQueueConfigurationIsTestedKeptAndRefusedByName(t *testing.T) {
	l := pair(t, nil)
	notified(l)
	event := types.Event(s3.EventReplicationFailed)
	require.ErrorContains(t, configure(t.Context(), l, "arn:aws:sqs:us-east-1:"+account+":gone", event), "Unable to validate the following destination configurations")
	a := l.send(t, http.MethodPut, "/source?notification", nil, []byte("<NotificationConfiguration><QueueConfiguration><Queue>"+queue+"</Queue></QueueConfiguration></NotificationConfiguration>"))
	assert.Equal(t, "A configuration names at least one event", a.Message)
	require.NoError(t, configure(t.Context(), l, queue, event))
	out, err := l.client("http", primary).GetBucketNotificationConfiguration(t.Context(), &awss3.GetBucketNotificationConfigurationInput{Bucket: aws.String(source)})
	require.NoError(t, err)
	require.Len(t, out.QueueConfigurations, 1)
	assert.Equal(t, types.QueueConfiguration{Id: aws.String("failures"), QueueArn: aws.String(queue), Events: []types.Event{event}}, out.QueueConfigurations[0])
}

func TestABucketWithoutVersioningHoldsOneOfEachKey(t *testing.T) {
	l := start(t)
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: "work", Region: primary}))
	for _, body := range []string{"first", "second"} {
		a := l.send(t, http.MethodPut, "/work/k", nil, []byte(body))
		require.Equal(t, http.StatusOK, a.status)
		assert.Empty(t, a.header.Get("X-Amz-Version-Id"))
	}
	a := l.send(t, http.MethodGet, "/work/k", nil, nil)
	assert.Equal(t, "second", a.body)
	assert.Empty(t, a.header.Get("X-Amz-Version-Id"))
	for range 2 {
		a = l.send(t, http.MethodDelete, "/work/k", nil, nil)
		assert.Equal(t, http.StatusNoContent, a.status)
		assert.Empty(t, a.header.Get("X-Amz-Delete-Marker"))
	}
	a = l.send(t, http.MethodGet, "/work/k", nil, nil)
	assert.Equal(t, "NoSuchKey", a.Code)
	a = l.send(t, http.MethodDelete, "/work", nil, nil)
	assert.Equal(t, http.StatusNoContent, a.status, "nothing is left")
}

const configuration = "<NotificationConfiguration>%s</NotificationConfiguration>"

// sends is a configuration of one kind, with filters.
func sends(kind, arn, event string, filters ...string) string {
	filter := ""
	for _, f := range filters {
		name, value, _ := strings.Cut(f, "=")
		filter += "<FilterRule><Name>" + name + "</Name><Value>" + value + "</Value></FilterRule>"
	}
	if filter != "" {
		filter = "<Filter><S3Key>" + filter + "</S3Key></Filter>"
	}
	return fmt.Sprintf("<%sConfiguration><%s>%s</%s><Event>%s</Event>%s</%sConfiguration>", kind, kind, arn, kind, event, filter, kind)
}

func TestAConfigurationThatS3RefusesIsRefusedInItsWords(t *testing.T) {
	l := pair(t, nil)
	notified(l)
	const created, topic = "s3:ObjectCreated:*", "arn:aws:sns:us-east-1:" + account + ":t"
	overlap, ambiguous := "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
		"Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type."
	for body, want := range map[string]string{
		sends("Queue", queue, created) + sends("Topic", topic, "s3:ObjectCreated:Put"):                                         overlap,
		sends("Queue", queue, created, "prefix=a/") + sends("Queue", queue, created):                                           ambiguous,
		sends("Queue", queue, created, "prefix=a/", "suffix=.pdf") + sends("Queue", queue, created, "prefix=a/b", "suffix=df"): ambiguous,
		sends("Queue", queue, created, "prefix=a/", "prefix=b/"):                                                               "Cannot specify more than one prefix rule in a filter.",
		sends("Queue", queue, created, "infix=a/"):                                                                             "filter rule name must be either prefix or suffix",
		sends("Queue", queue, created, "suffix="+strings.Repeat("a", 1025)):                                                    "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
		sends("Queue", queue, "s3:Nothing"):                                                                                    "The event is not supported for notifications",
		sends("Queue", topic, created):                                                                                         "The ARN is not well formed",
		sends("Queue", "arn:aws:sqs:eu-west-1:"+account+":q", created):                                                         "The notification destination service region is not valid for the bucket location constraint",
		sends("Topic", topic, created):                                                                                         "Unable to validate the following destination configurations: there is no queue " + topic,
	} {
		a := l.send(t, http.MethodPut, "/source?notification", nil, fmt.Appendf(nil, configuration, body))
		assert.Equal(t, []any{http.StatusBadRequest, "InvalidArgument", want}, []any{a.status, a.Code, a.Message}, body)
	}
	for _, body := range []string{
		sends("Queue", queue, created, "prefix=a/") + sends("Queue", queue, created, "prefix=b/"),
		sends("Queue", queue, created, "prefix=a/", "suffix=.pdf") + sends("Queue", queue, created, "prefix=a/", "suffix=.txt"),
		sends("Queue", queue, created) + sends("Queue", queue, "s3:ObjectRemoved:Delete"),
	} {
		a := l.send(t, http.MethodPut, "/source?notification", nil, fmt.Appendf(nil, configuration, body))
		assert.Equal(t, http.StatusOK, a.status, body)
	}
}

func TestTwoNotificationsWithOneIDAreRefusedOfWhateverKind(t *testing.T) {
	l := pair(t, nil)
	notified(l)
	named := func(id, kind, arn, event string) string {
		return strings.Replace(sends(kind, arn, event), "Configuration>", "Configuration><Id>"+id+"</Id>", 1)
	}
	topic := named("one", "Topic", "arn:aws:sns:us-east-1:"+account+":t", "s3:ObjectRemoved:*")
	for second, want := range map[string]int{
		named("one", "Queue", queue, "s3:ObjectCreated:*"):                                        http.StatusBadRequest,
		named("One", "Queue", queue, "s3:ObjectCreated:*"):                                        http.StatusOK,
		sends("Queue", queue, "s3:ObjectCreated:*") + sends("Queue", queue, "s3:ObjectTagging:*"): http.StatusOK,
	} {
		a := l.send(t, http.MethodPut, "/source?notification", map[string]string{"X-Amz-Skip-Destination-Validation": "true"}, fmt.Appendf(nil, configuration, topic+second))
		assert.Equal(t, want, a.status, second)
		if want != http.StatusOK {
			assert.Equal(t, []string{"InvalidArgument", "Same ID used for multiple configurations. IDs must be unique."}, []string{a.Code, a.Message})
		}
	}
}

func TestTargetsAreAskedUnlessThatIsLeftOut(t *testing.T) {
	l := pair(t, nil)
	messages := notified(l)
	gone := fmt.Appendf(nil, configuration, sends("CloudFunction", "arn:aws:lambda:us-east-1:"+account+":function:f", "s3:ObjectTagging:*", "suffix=.pdf")+sends("Queue", queue, "s3:ObjectCreated:*"))
	a := l.send(t, http.MethodPut, "/source?notification", nil, gone)
	assert.Equal(t, "InvalidArgument", a.Code)
	require.Len(t, *messages, 1, "the queue is asked all the same")
	a = l.send(t, http.MethodPut, "/source?notification", map[string]string{"X-Amz-Skip-Destination-Validation": "true"}, gone)
	assert.Equal(t, http.StatusOK, a.status)
	assert.Len(t, *messages, 1)
	out, err := l.client("http", primary).GetBucketNotificationConfiguration(t.Context(), &awss3.GetBucketNotificationConfigurationInput{Bucket: aws.String(source)})
	require.NoError(t, err)
	require.Len(t, out.LambdaFunctionConfigurations, 1)
	assert.NotEmpty(t, aws.ToString(out.LambdaFunctionConfigurations[0].Id), "S3 gives an id")
	assert.Equal(t, []types.FilterRule{{Name: "Suffix", Value: aws.String(".pdf")}}, out.LambdaFunctionConfigurations[0].Filter.Key.FilterRules)
}

func TestAQueueIsToldOfWhatItsConfigurationNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, nil)
		messages := notified(l)
		a := l.send(t, http.MethodPut, "/source?notification", nil, fmt.Appendf(nil, configuration,
			sends("Queue", queue, "s3:ObjectCreated:*", "prefix=in/", "suffix=.txt")+sends("Queue", queue, "s3:ObjectRemoved:DeleteMarkerCreated")))
		require.Equal(t, http.StatusOK, a.status, a.body)
		put := l.put(t, "in/a.txt", "text")
		l.put(t, "in/a.pdf", "text")
		l.put(t, "a.txt", "text")
		c := l.client("http", primary)
		_, err := c.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: aws.String("a.txt")})
		require.NoError(t, err)
		_, err = c.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: aws.String("in/a.txt"), VersionId: put.VersionId})
		require.NoError(t, err)
		l.settle()
		var told []string
		for _, m := range (*messages)[2:] {
			record := m["Records"].([]any)[0].(map[string]any)
			assert.NotContains(t, record, "replicationEventData")
			told = append(told, record["eventName"].(string)+" "+record["s3"].(map[string]any)["object"].(map[string]any)["key"].(string))
		}
		assert.Equal(t, []string{"ObjectCreated:Put in%2Fa.txt", "ObjectRemoved:DeleteMarkerCreated a.txt"}, told)
	})
}

func TestABucketAnswersItsPolicyTagsAndWhoPays(t *testing.T) {
	l := start(t)
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: "theirs", Region: primary, Policy: `{"a":1}`, Tags: map[string]string{"b": "2", "a": "1"}, RequesterPays: true}))
	c := l.client("http", primary)
	policy, err := c.GetBucketPolicy(t.Context(), &awss3.GetBucketPolicyInput{Bucket: aws.String("theirs")})
	require.NoError(t, err)
	assert.Equal(t, `{"a":1}`, aws.ToString(policy.Policy))
	tags, err := c.GetBucketTagging(t.Context(), &awss3.GetBucketTaggingInput{Bucket: aws.String("theirs")})
	require.NoError(t, err)
	assert.Equal(t, []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}, tags.TagSet)
	pays, err := c.GetBucketRequestPayment(t.Context(), &awss3.GetBucketRequestPaymentInput{Bucket: aws.String("theirs")})
	require.NoError(t, err)
	assert.Equal(t, types.PayerRequester, pays.Payer)
}
