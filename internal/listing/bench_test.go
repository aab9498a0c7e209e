package listing_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/listing"
)

// full is a page as S3 sends it: 1,000 rows, one in twenty a delete marker.
func full() []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>docs</Name><Prefix></Prefix>` +
		`<KeyMarker>invoices/2025/000000.pdf</KeyMarker><VersionIdMarker>3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH</VersionIdMarker>` +
		`<NextKeyMarker>invoices/2026/000999.pdf</NextKeyMarker><NextVersionIdMarker>000999kqtJlcpXroDTDmJ+rmSpXd3dIb</NextVersionIdMarker>` +
		`<MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>`)
	const owner = `<Owner><ID>75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a</ID><DisplayName>owner</DisplayName></Owner>`
	for i := range 1000 {
		key := fmt.Sprintf(`<Key>invoices/2026/%06d.pdf</Key><VersionId>%06dkqtJlcpXroDTDmJ+rmSpXd3dIb</VersionId><IsLatest>true</IsLatest><LastModified>2026-10-12T17:50:30.000Z</LastModified>`, i, i)
		if i%20 == 7 {
			b.WriteString("<DeleteMarker>" + key + owner + "</DeleteMarker>")
			continue
		}
		b.WriteString("<Version>" + key + `<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>434234</Size>` +
			owner + `<StorageClass>STANDARD</StorageClass></Version>`)
	}
	b.WriteString("</ListVersionsResult>")
	return b.Bytes()
}

func BenchmarkScan(b *testing.B) {
	body := full()
	b.ReportAllocs()
	for b.Loop() {
		page, err := listing.Parse(body)
		if err != nil || len(page.Rows) != 1000 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "versions/s")
}

// transport answers each request with the same body, without a network.
type transport []byte

func (t transport) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(t))}, nil
}

// BenchmarkSDK is what the SDK takes for the same page: nearly all of it is its
// deserializer.
func BenchmarkSDK(b *testing.B) {
	client := s3.New(s3.Options{
		Region: "eu-central-1", HTTPClient: &http.Client{Transport: transport(full())},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
	b.ReportAllocs()
	for b.Loop() {
		out, err := client.ListObjectVersions(b.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String("docs"), EncodingType: types.EncodingTypeUrl})
		if err != nil || len(out.Versions) != 950 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "versions/s")
}

// BenchmarkPage is BenchmarkSDK's page by way of the SDK and this package: request,
// scan and checks.
func BenchmarkPage(b *testing.B) {
	l := listing.Lister{Bucket: "docs", Client: s3.New(s3.Options{
		Region: "eu-central-1", HTTPClient: &http.Client{Transport: transport(full())},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})}
	b.ReportAllocs()
	for b.Loop() {
		page, err := l.Page(b.Context(), listing.Marker{Key: "invoices/2025/000000.pdf", VersionID: "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"}, 0)
		if err != nil || len(page.Rows) != 1000 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "versions/s")
}
