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
