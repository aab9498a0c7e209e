package s3_test

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"autobackup/local/s3"
)

// bench is a server on a real port, as the demo's is.
func bench(b *testing.B) *awss3.Client {
	b.Helper()
	l := start(b)
	l.server.OnEvent = nil
	require.NoError(b, l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, EventBridge: true}))
	return l.listen(b)
}

func (l *local) listen(b *testing.B) *awss3.Client {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	server := &http.Server{Handler: l.server}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() { require.NoError(b, server.Close()) })
	l.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	return l.client("http", primary, func(o *awss3.Options) { o.BaseEndpoint = aws.String("http://" + listener.Addr().String()) })
}

// BenchmarkHeadObject counts the SDK's work too: about half of the time.
func BenchmarkHeadObject(b *testing.B) {
	client := bench(b)
	put(b, client, "k")
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := client.HeadObject(b.Context(), &awss3.HeadObjectInput{
				Bucket: aws.String(source), Key: aws.String("k"), ChecksumMode: types.ChecksumModeEnabled,
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "heads/s")
}

func BenchmarkPutObject4KiB(b *testing.B) { puts(b, bench(b)) }

// BenchmarkPutObject4KiBThatIsKept has bytes and records synced before each answer.
func BenchmarkPutObject4KiBThatIsKept(b *testing.B) {
	puts(b, again(b, b.TempDir(), func([]byte) {}, s3.Plan{Lag: time.Hour}).listen(b))
}

func puts(b *testing.B, client *awss3.Client) {
	b.Helper()
	var n atomic.Int64
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			put(b, client, "k"+strconv.FormatInt(n.Add(1), 10))
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
}

func put(b *testing.B, client *awss3.Client, key string) {
	_, err := client.PutObject(b.Context(), &awss3.PutObjectInput{
		Bucket: aws.String(source), Key: &key, Body: bytes.NewReader(make([]byte, 4096)),
	})
	if err != nil {
		b.Error(err)
	}
}
