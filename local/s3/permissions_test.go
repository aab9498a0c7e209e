package s3_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/s3"
)

func TestEveryOperationIsRefusedToWhoMayNothing(t *testing.T) {
	l := start(t)
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true}))
	l.put(t, "k", "text")
	l.server.Gate = gate.New(account)
	key := l.server.Gate.As(iam.Session("arn:aws:iam::"+account+":role/nobody", "test")).AccessKey()
	asked := s3.Asked(source, "k")
	require.Len(t, asked, len(s3.Operations()))
	delete(asked, "DeleteObjects") // answers for each key
	for name, request := range asked {
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/"+primary+"/s3/aws4_request, SignedHeaders=host, Signature=0")
		answer := httptest.NewRecorder()
		l.server.ServeHTTP(answer, request)
		assert.Equal(t, http.StatusForbidden, answer.Code, "%s asks for no permission: see permissions.go. %s", name, answer.Body)
	}
}

func TestABucketBelongsToTheAccountThatHasIt(t *testing.T) {
	const others = "999999999999"
	l := start(t)
	l.server.Gate = gate.New(account)
	for _, name := range []string{"ours", "theirs"} {
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: name, Region: primary}))
	}
	l.server.Gate.Own("arn:aws:s3:::theirs", others)
	for caller, listed := range map[string]string{account: "ours", others: "theirs"} {
		key := l.server.Gate.As(iam.Principal{ARN: "arn:aws:iam::" + caller + ":root"}).AccessKey()
		send := func(method, path string, header map[string]string) answer {
			header["Authorization"] = "AWS4-HMAC-SHA256 Credential=" + key + "/20260101/" + primary + "/s3/aws4_request, SignedHeaders=host, Signature=0"
			return l.send(t, method, path, header, nil)
		}
		all := send(http.MethodGet, "/", map[string]string{})
		assert.Contains(t, all.body, "<Name>"+listed+"</Name>")
		assert.NotContains(t, all.body, map[string]string{account: "theirs", others: "ours"}[caller])
		assert.Contains(t, all.body, "<ID>"+caller+"</ID>")
		assert.Equal(t, http.StatusOK, send(http.MethodHead, "/"+listed, map[string]string{"X-Amz-Expected-Bucket-Owner": caller}).status)
		another := map[string]string{account: others, others: account}[caller]
		assert.Equal(t, http.StatusForbidden, send(http.MethodHead, "/"+listed, map[string]string{"X-Amz-Expected-Bucket-Owner": another}).status)
	}
}
