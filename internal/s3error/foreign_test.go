package s3error_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/s3error"
)

// between answers each request so, in the place of S3.
type between struct {
	status int
	body   string
	asked  *int
}

func (b between) Do(r *http.Request) (*http.Response, error) {
	*b.asked++
	return &http.Response{StatusCode: b.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(b.body)), Request: r}, nil
}

// answered is what a client makes of an answer, and how often it asked.
func answered(status int, body string, call func(context.Context, *s3.Client) error) (asked int, err error) {
	client := s3.New(s3.Options{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), HTTPClient: between{status, body, &asked},
		APIOptions: []func(*middleware.Stack) error{s3error.OwnAnswers}, Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.Backoff = 2, retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		}),
	})
	return asked, call(context.Background(), client)
}

// every is each call whose answer is told apart, with an answer of S3's that has nothing in it.
var every = map[string]struct {
	empty string
	call  func(context.Context, *s3.Client, *string) error
}{
	"GetBucketEncryption": {"<ServerSideEncryptionConfiguration/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b})
		return err
	}},
	"GetBucketLifecycleConfiguration": {"<LifecycleConfiguration/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: b})
		return err
	}},
	"GetBucketLocation": {"<LocationConstraint/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: b})
		return err
	}},
	"GetBucketNotificationConfiguration": {`<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`, func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: b})
		return err
	}},
	"GetBucketReplication": {"<ReplicationConfiguration/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: b})
		return err
	}},
	"GetBucketRequestPayment": {"<RequestPaymentConfiguration/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: b})
		return err
	}},
	"GetBucketTagging": {"<Tagging/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b})
		return err
	}},
	"GetBucketVersioning": {"<VersioningConfiguration/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b})
		return err
	}},
	"GetObjectLegalHold": {"<LegalHold/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: b, Key: b})
		return err
	}},
	"GetObjectLockConfiguration": {"<ObjectLockConfiguration/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: b})
		return err
	}},
	"GetObjectRetention": {"<Retention/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: b, Key: b})
		return err
	}},
	"GetObjectTagging": {"<Tagging/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: b, Key: b})
		return err
	}},
	"ListBuckets": {"<ListAllMyBucketsResult/>", func(ctx context.Context, c *s3.Client, _ *string) error {
		_, err := c.ListBuckets(ctx, &s3.ListBucketsInput{})
		return err
	}},
	"ListObjectsV2": {"<ListBucketResult/>", func(ctx context.Context, c *s3.Client, b *string) error {
		_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: b})
		return err
	}},
}

func TestAnAnswerThatIsNotS3sIsAnErrorThatIsTriedAgain(t *testing.T) {
	for operation, of := range every {
		call := func(ctx context.Context, c *s3.Client) error { return of.call(ctx, c, aws.String("docs")) }
		for what, body := range map[string]string{
			"nothing":                   "",
			"a blank line":              "\n",
			"a page":                    "<html><body>please log in</body></html>",
			"a page in capitals":        "<!DOCTYPE html>\n<HTML><HEAD><TITLE>Blocked</TITLE></HEAD></HTML>",
			"text":                      "Access denied by your administrator",
			"JSON":                      `{"error": "blocked"}`,
			"another answer of S3's":    "<CopyObjectResult/>",
			"the declaration alone":     `<?xml version="1.0" encoding="UTF-8"?>`,
			"an answer within another":  "<proxied>" + of.empty + "</proxied>",
			"an answer that is cut off": of.empty[:5],
		} {
			asked, err := answered(200, body, call)
			require.Error(t, err, "%s, %s", operation, what)
			assert.Equal(t, 2, asked, "%s, %s", operation, what)
			assert.Equal(t, operation+" was not answered by S3: its answer is empty, cut off or another page, as of a proxy", s3error.Explain(operation, err), what)
		}
		for _, body := range []string{of.empty, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- theirs -->" + of.empty} {
			asked, err := answered(200, body, call)
			require.NoError(t, err, operation)
			assert.Equal(t, 1, asked)
		}
		_, err := answered(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>", call)
		assert.Equal(t, "AccessDenied", s3error.Code(err), operation)
		_, err = answered(200, "<Error><Code>InternalError</Code><Message>no</Message></Error>", call)
		assert.ErrorContains(t, err, "InternalError", operation)
	}
}

func TestWhatAnAnswerHasIsReadWholeBehindItsBeginning(t *testing.T) {
	var rules int
	body := `<?xml version="1.0"?><ReplicationConfiguration><Role>r</Role>` + strings.Repeat("<Rule><Status>Enabled</Status></Rule>", 1000) + "</ReplicationConfiguration>"
	_, err := answered(200, body, func(ctx context.Context, c *s3.Client) error {
		out, err := c.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: aws.String("docs")})
		if err == nil {
			rules = len(out.ReplicationConfiguration.Rules)
		}
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, 1000, rules)
}
