package minio_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/minio"
)

func TestRegionsSendARequestHomeAndRedirectWhatIsSignedForAnotherRegion(t *testing.T) {
	var hosts []string
	home := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { hosts = append(hosts, r.Host+r.URL.Path) }))
	defer home.Close()
	regions := minio.Regions{
		Homes: map[string]*minio.Server{"docs": {Region: "eu-central-1", URL: home.URL}}, Client: http.DefaultClient,
	}
	ask := func(path, scope string) (*http.Response, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://s3.test"+path, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", scope)
		return regions.Do(request)
	}
	answer, err := ask("/docs/a", "AWS4-HMAC-SHA256 Credential=key/20260302/eu-central-1/s3/aws4_request")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, []string{"s3.test/docs/a"}, hosts, "the host stays as it was signed")

	answer, err = ask("/docs/a", "AWS4-HMAC-SHA256 Credential=key/20260302/eu-west-1/s3/aws4_request")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, http.StatusMovedPermanently, answer.StatusCode)
	assert.Equal(t, "eu-central-1", answer.Header.Get("X-Amz-Bucket-Region"))
	assert.Len(t, hosts, 1)

	for path, scope := range map[string]string{"/other/a": "Credential=key/20260302/eu-central-1/s3/aws4_request", "/docs/a": "unsigned"} {
		_, err = ask(path, scope)
		assert.EqualError(t, err, "unexpected request: HEAD http://s3.test"+path)
	}
}
