package minio

import (
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/local/sigv4"
)

// Regions is an aws.HTTPClient that makes servers one S3: a request goes to the
// server of the region that it is signed for, and where the bucket is at home in
// another, it is redirected as S3 would do it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#VirtualHostingSpecifyBucket
type Regions struct {
	Homes  map[string]*Server // by bucket
	Client aws.HTTPClient     // sends to them
	Others aws.HTTPClient     // takes requests for other services, and for buckets that no server has; nil: they fail
}

// Do implements aws.HTTPClient.
func (r *Regions) Do(request *http.Request) (*http.Response, error) {
	region, service := sigv4.Scope(request)
	home := r.Homes[strings.Split(request.URL.Path, "/")[1]]
	if r.Others != nil && (service != "s3" || home == nil) {
		return r.Others.Do(request)
	}
	if home == nil || region == "" {
		return nil, errors.New("unexpected request: " + request.Method + " " + request.URL.String())
	}
	if home.Region != region {
		return &http.Response{
			StatusCode: http.StatusMovedPermanently, Header: http.Header{"X-Amz-Bucket-Region": {home.Region}}, Body: http.NoBody, Request: request,
		}, nil
	}
	sent := request.Clone(request.Context())
	sent.Host = request.URL.Host // it is signed
	sent.URL.Host = strings.TrimPrefix(home.URL, "http://")
	return r.Client.Do(sent)
}
