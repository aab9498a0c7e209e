package s3_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/s3"
)

func TestOfManyConditionalWritesAtOnceOneWins(t *testing.T) {
	l := pair(t, nil)
	client := l.client("http", primary)
	var winner atomic.Pointer[string] // its ETag
	for _, round := range []string{"*", "etag"} {
		before := winner.Load()
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 30 {
			in := &awss3.PutObjectInput{Bucket: aws.String(source), Key: aws.String("k"), Body: strings.NewReader(fmt.Sprint(round, i))}
			if in.IfNoneMatch = aws.String("*"); round == "etag" {
				in.IfNoneMatch, in.IfMatch = nil, before
			}
			all.Go(func() {
				if out, err := client.PutObject(t.Context(), in); err == nil {
					won.Add(1)
					winner.Store(out.ETag)
				}
			})
		}
		all.Wait()
		assert.EqualValues(t, 1, won.Load(), round)
	}
	versions, err := client.ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: aws.String(source)})
	require.NoError(t, err)
	assert.Len(t, versions.Versions, 2)
}

// AWS recorded these answers (a public emulator's suite, run on AWS in February
// 2026).
func TestARefusedConditionIsToldInWhole(t *testing.T) {
	l := pair(t, nil)
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: "unversioned", Region: primary}))
	put := func(headers map[string]string) answer {
		return l.send(t, http.MethodPut, "/unversioned/k", headers, []byte("v"))
	}
	require.Equal(t, http.StatusOK, put(map[string]string{"If-None-Match": "*"}).status)
	const notImplemented = "<Code>NotImplemented</Code><Message>A header you provided implies functionality that is not implemented</Message>"
	for want, headers := range map[string]map[string]string{
		"<Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message><Condition>If-None-Match</Condition>":               {"If-None-Match": "*"},
		"<Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message><Condition>If-Match</Condition>":                    {"If-Match": "bad"},
		notImplemented + "<Header>If-None-Match</Header><additionalMessage>We don&#39;t accept the provided value of If-None-Match header for this API</additionalMessage>": {"If-None-Match": "bad"},
		notImplemented + "<Header>If-Match</Header><additionalMessage>We don&#39;t accept the provided value of If-Match header for this API</additionalMessage>":           {"If-Match": "*"},
		notImplemented + "<Header>If-Match,If-None-Match</Header><additionalMessage>Multiple conditional request headers present in the request</additionalMessage>":        {"If-Match": "bad", "If-None-Match": "*"},
	} {
		assert.Contains(t, put(headers).body, want)
	}
	assert.Contains(t, l.send(t, http.MethodPut, "/unversioned/other", map[string]string{"If-Match": "bad"}, []byte("v")).body, "<Code>NoSuchKey</Code>")
}
