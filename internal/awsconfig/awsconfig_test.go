package awsconfig_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/awsconfig"
)

func TestEveryRequestNamesThisProgramWhateverTheEnvironmentNames(t *testing.T) {
	t.Setenv("AWS_SDK_UA_APP_ID", "somebody-else")
	var agent string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { agent = q.UserAgent() }))
	defer server.Close()
	cfg, err := awsconfig.Load(t.Context(), config.WithRegion("eu-central-1"), config.WithBaseEndpoint(server.URL),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("id", "secret", "")))
	require.NoError(t, err)
	_, err = s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }).ListBuckets(t.Context(), &s3.ListBucketsInput{})
	require.NoError(t, err)
	assert.Regexp(t, ` app/autobackup( |$)`, agent)
}
