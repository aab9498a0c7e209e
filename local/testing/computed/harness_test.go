package computed_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/computed"
	"autobackup/local/testing/memnet"
)

const (
	primary = "docs"
	replica = "copy"
)

// newServer has so many rows of which one in every differs.
func newServer(t require.TestingT, rows, every int64) *computed.Server {
	server, err := computed.New(computed.Pair{
		Rows: rows, Every: every, Primary: primary, Replica: replica, PrimaryRegion: "eu-central-1", ReplicaRegion: "eu-west-1",
	})
	require.NoError(t, err)
	return server
}

// connect gives the SDK's client.
func connect(t *testing.T, server http.Handler) *sdk.Client {
	t.Helper()
	network, stop := memnet.Client(server)
	t.Cleanup(stop)
	return sdk.New(sdk.Options{
		Region: "eu-central-1", HTTPClient: network, BaseEndpoint: aws.String("http://127.0.0.1"), UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

// row is what a test looks at of a listed row. Its order among versions and markers,
// which the SDK loses, is kept.
type row struct {
	XMLName      xml.Name
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified string
	ETag         string
	Size         int64
}

func (r row) marker() bool { return r.XMLName.Local == "DeleteMarker" }

type page struct {
	Name, Prefix, KeyMarker, NextKeyMarker, EncodingType string

	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker"`
	MaxKeys             int
	IsTruncated         bool
	Rows                []row `xml:",any"`
}

// list asks for one page without a network.
func list(t require.TestingT, server http.Handler, bucket string, query map[string]string) (p page) {
	values := url.Values{"versions": {""}, "encoding-type": {"url"}}
	for name, value := range query {
		values.Set(name, value)
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/"+bucket+"?"+values.Encode(), nil))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, xml.Unmarshal(w.Body.Bytes(), &p))
	for i := range p.Rows {
		p.Rows[i].Key = decode(t, p.Rows[i].Key)
	}
	for _, text := range []*string{&p.Prefix, &p.KeyMarker, &p.NextKeyMarker} {
		*text = decode(t, *text)
	}
	return p
}

func decode(t require.TestingT, text string) string {
	decoded, err := url.QueryUnescape(text)
	require.NoError(t, err)
	return decoded
}

// all lists a bucket page by page.
func all(t require.TestingT, server http.Handler, bucket string, max int) (rows []row) {
	query := map[string]string{"max-keys": fmt.Sprint(max)}
	for {
		p := list(t, server, bucket, query)
		rows = append(rows, p.Rows...)
		if !p.IsTruncated {
			return rows
		}
		require.Len(t, p.Rows, max, "a page with another behind it is full")
		require.NotEqual(t, query["version-id-marker"], p.NextVersionIDMarker, "each page goes on")
		query["key-marker"], query["version-id-marker"] = p.NextKeyMarker, p.NextVersionIDMarker
	}
}
