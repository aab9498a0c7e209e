package s3_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
)

func TestACopyIsReplicatedAndToldAsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := told(t)
		put := l.put(t, "k", "text")
		l.settle()
		before := len(l.events)
		made, err := l.client("http", primary).CopyObject(t.Context(), &awss3.CopyObjectInput{
			Bucket: aws.String(source), Key: aws.String("k"), CopySource: aws.String(source + "/k?versionId=" + *put.VersionId), StorageClass: types.StorageClassStandard,
		})
		require.NoError(t, err)
		l.settle()
		out, err := l.client("http", replica).HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(destination), Key: aws.String("k"), VersionId: made.VersionId})
		require.NoError(t, err)
		assert.Equal(t, types.ReplicationStatusReplica, out.ReplicationStatus)
		var event struct{ Detail struct{ Reason string } }
		require.NoError(t, json.Unmarshal([]byte(l.events[before]), &event))
		assert.Equal(t, "CopyObject", event.Detail.Reason)
	})
}

// copier is a user that may do what it is given.
func copier(t *testing.T, g *gate.Gate, statements ...any) string {
	t.Helper()
	by, err := g.User("copier", map[string]any{"Version": "2012-10-17", "Statement": statements})
	require.NoError(t, err)
	return by.AccessKey()
}

func allow(resource string, actions ...any) map[string]any {
	return map[string]any{"Effect": "Allow", "Action": actions, "Resource": resource}
}

func TestACopyAsksForBothObjectsAndForTags(t *testing.T) {
	const of, into = "arn:aws:s3:::" + source + "/*", "arn:aws:s3:::" + destination + "/*"
	for without, lacking := range map[string]string{
		"":                           "",
		"s3:GetObjectVersion":        "s3:GetObjectVersion",
		"s3:GetObjectVersionTagging": "s3:GetObjectVersionTagging",
		"s3:PutObject":               "s3:PutObject",
		"s3:PutObjectTagging":        "s3:PutObjectTagging",
	} {
		t.Run("without "+without, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := told(t)
				l.server.Gate = gate.New(account)
				tags := "a=b"
				put, err := l.client("http", primary).PutObject(t.Context(), &awss3.PutObjectInput{
					Bucket: aws.String(source), Key: aws.String("k"), Body: strings.NewReader("text"), Tagging: &tags,
				})
				require.NoError(t, err)
				l.settle()
				var granted []any
				for action, resource := range map[string]string{
					"s3:GetObjectVersion": of, "s3:GetObjectVersionTagging": of, "s3:PutObject": into, "s3:PutObjectTagging": into,
				} {
					if action != without {
						granted = append(granted, allow(resource, action))
					}
				}
				key := copier(t, l.server.Gate, granted...)
				client := l.client("http", replica, func(o *awss3.Options) {
					o.Credentials = credentials.NewStaticCredentialsProvider(key, "local", "")
				})
				_, err = client.CopyObject(t.Context(), &awss3.CopyObjectInput{
					Bucket: aws.String(destination), Key: aws.String("copy"), CopySource: aws.String(source + "/k?versionId=" + *put.VersionId),
				})
				if lacking == "" {
					require.NoError(t, err)
					return
				}
				var answer *awshttp.ResponseError
				require.ErrorAs(t, err, &answer)
				assert.Equal(t, http.StatusForbidden, answer.HTTPStatusCode())
				assert.ErrorContains(t, err, "perform: "+lacking+" on")
			})
		})
	}
}

func TestWhoMayNotListTheSourceLearnsNothingOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := told(t)
		l.server.Gate = gate.New(account)
		key := copier(t, l.server.Gate, allow("*", "s3:GetObject", "s3:PutObject"), allow("arn:aws:s3:::"+destination, "s3:ListBucket"))
		client := l.client("http", replica, func(o *awss3.Options) {
			o.Credentials = credentials.NewStaticCredentialsProvider(key, "local", "")
		})
		_, err := client.CopyObject(t.Context(), &awss3.CopyObjectInput{Bucket: aws.String(destination), Key: aws.String("copy"), CopySource: aws.String(source + "/missing")})
		var answer *awshttp.ResponseError
		require.ErrorAs(t, err, &answer)
		assert.Equal(t, http.StatusForbidden, answer.HTTPStatusCode())
	})
}

// Of these AWS's documents say nothing; people report it.
func TestARangeThatIsCopiedIsThere(t *testing.T) {
	l := pair(t, nil)
	l.put(t, "k", "content")
	begun, err := l.client("http", primary).CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: aws.String(source), Key: aws.String("copy")})
	require.NoError(t, err)
	for bytes, want := range map[string]string{"bytes=0-6": "", "bytes=0-7": "InvalidArgument", "bytes=7-8": "InvalidArgument"} {
		a := l.send(t, http.MethodPut, "/source/copy?partNumber=1&uploadId="+*begun.UploadId, map[string]string{"X-Amz-Copy-Source": source + "/k", "X-Amz-Copy-Source-Range": bytes}, nil)
		assert.Equal(t, want, a.Code, bytes)
	}
}
