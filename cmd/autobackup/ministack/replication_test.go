package ministack_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/demo"
	"autobackup/internal/s3event"
	locals3 "autobackup/local/s3"
)

// never is a lag longer than every deadline.
const never = 1000 * time.Hour

// upload is an object version, or a delete marker, in a primary bucket, and its
// copy.
type upload struct {
	demo.Item
	bucket, replica string // names
	version         string
	etag            string // without quotes; of a delete marker ""
	copied          string // version id that ministack gave the copy; "" while there is none
	status          string // x-amz-replication-status
	known           bool   // the first look at the copy was made
}

// replication is S3's replication, which ministack leaves out. It copies, and
// it stands between the functions and ministack's S3, to answer what ministack can't:
// GetBucketReplication (by the local stack, which reads the same template),
// replication status, and a copy's version id, which is the source's.
type replication struct {
	d     *stack // set once deployed
	rules http.Handler

	mu      sync.Mutex
	uploads []*upload
}

// serve starts the address of S3 that functions get.
func (r *replication) serve(t *testing.T) string {
	t.Helper()
	front := httptest.NewServer(r)
	t.Cleanup(front.Close)
	return front.URL
}

// ServeHTTP implements http.Handler.
func (r *replication) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Method == http.MethodGet && q.URL.Query().Has("replication") {
		r.d.bridge(configuration)
		r.rules.ServeHTTP(w, q)
		return
	}
	target, err := url.Parse(r.d.url)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	u, now, side := r.find(q.URL)
	if side != "" {
		r.d.bridge(statuses)
	}
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			if side == "replica" && now.copied != "" {
				query := p.Out.URL.Query()
				query.Set("versionId", now.copied)
				p.Out.URL.RawQuery = query.Encode()
			}
		},
		ModifyResponse: func(answer *http.Response) error {
			if err := r.cut(answer); err != nil {
				return err
			}
			switch {
			case side == "primary" && now.status != "":
				answer.Header.Set("x-amz-replication-status", now.status)
			case side == "replica" && answer.Header.Get("x-amz-version-id") != "":
				answer.Header.Set("x-amz-version-id", now.version)
				answer.Header.Set("x-amz-replication-status", "REPLICA")
			}
			return nil
		},
	}
	proxy.ServeHTTP(w, q)
	if side == "replica" {
		r.looked(u)
	}
}

// cut makes the answer that was asked for of a whole version.
func (r *replication) cut(answer *http.Response) error {
	var first, last int
	span := answer.Request.Header.Get("Range")
	if n, _ := fmt.Sscanf(span, "bytes=%d-%d", &first, &last); n < 2 || answer.StatusCode != http.StatusOK {
		return nil
	}
	r.d.bridge(ranges)
	whole, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	part := whole[first : last+1]
	answer.StatusCode, answer.Body = http.StatusPartialContent, io.NopCloser(bytes.NewReader(part))
	answer.ContentLength = int64(len(part))
	answer.Header.Set("Content-Length", strconv.Itoa(len(part)))
	answer.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(whole)))
	return nil
}

// find gives the upload that a path-style URL with a version id names, what is
// true of it now, and whether the URL names the primary or the replica.
func (r *replication) find(u *url.URL) (found *upload, now upload, side string) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.uploads {
		switch {
		case o.Key != key || o.version != u.Query().Get("versionId"):
		case o.bucket == bucket:
			return o, *o, "primary"
		case o.replica == bucket:
			return o, *o, "replica"
		}
	}
	return nil, upload{}, ""
}

// looked is told of every look at a copy. After the first, what lags appears,
// and what is to be overwritten during validation is.
func (r *replication) looked(u *upload) {
	r.mu.Lock()
	first := !u.known
	u.known = true
	r.mu.Unlock()
	if !first || u.Plan.Lag == 0 {
		return
	}
	if u.Then == demo.Overwrite {
		second := u.Second()
		second.Then, second.Plan.Lag = demo.Nothing, u.Plan.Lag
		r.put(second)
	}
	if u.Plan.Lag < never {
		r.copy(u)
	}
}

// put uploads an item, notes it under its version id and replicates it as
// planned.
func (r *replication) put(it demo.Item) *upload {
	bucket := r.d.bucket("primary", it.Category)
	body, err := it.Open()
	if !assert.NoError(r.d, err) {
		return nil
	}
	out, err := transfermanager.New(r.d.s3).UploadObject(context.Background(), &transfermanager.UploadObjectInput{Bucket: &bucket, Key: &it.Key, Body: body})
	if !assert.NoError(r.d, err) {
		return nil
	}
	return r.note(&upload{Item: it, bucket: bucket, version: aws.ToString(out.VersionID), etag: strings.Trim(aws.ToString(out.ETag), `"`)})
}

// remove deletes what was uploaded, and replicates the delete marker.
func (r *replication) remove(u *upload) *upload {
	out, err := r.d.s3.DeleteObject(r.d.Context(), &s3.DeleteObjectInput{Bucket: &u.bucket, Key: &u.Key})
	require.NoError(r.d, err)
	marker := *u
	marker.version, marker.etag, marker.copied, marker.status = aws.ToString(out.VersionId), "", "", ""
	return r.note(&marker)
}

func (r *replication) note(u *upload) *upload {
	u.replica = r.d.bucket("replica", u.Category)
	switch {
	case u.Plan.Fail:
		u.status = "FAILED"
	case u.Plan.Lag > 0:
		u.status = "PENDING"
	}
	r.mu.Lock()
	r.uploads = append(r.uploads, u)
	r.mu.Unlock()
	if !u.Plan.Fail && u.Plan.Lag == 0 {
		r.copy(u)
	}
	return u
}

// copy makes the copy, damaged where that is planned.
func (r *replication) copy(u *upload) {
	r.d.bridge(copies)
	client := s3.NewFromConfig(r.d.config(r.d.replicaRegion))
	if u.etag == "" {
		out, err := client.DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: &u.replica, Key: &u.Key})
		if !assert.NoError(r.d, err) {
			return
		}
		r.copiedAs(u, aws.ToString(out.VersionId))
		return
	}
	body, err := u.Open()
	if !assert.NoError(r.d, err) {
		return
	}
	content, err := io.ReadAll(body)
	if !assert.NoError(r.d, err) {
		return
	}
	switch u.Plan.Corrupt {
	case locals3.Intact:
	case locals3.FlipBit:
		content[len(content)/2] ^= 1
	default:
		assert.Fail(r.d, "this corruption can't be made in ministack", "%s", u.Key)
	}
	out, err := transfermanager.New(client).UploadObject(context.Background(),
		&transfermanager.UploadObjectInput{Bucket: &u.replica, Key: &u.Key, Body: bytes.NewReader(content)})
	if !assert.NoError(r.d, err) {
		return
	}
	r.copiedAs(u, aws.ToString(out.VersionID))
}

func (r *replication) copiedAs(u *upload, version string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u.copied = version
	if u.etag != "" { // a delete marker has no status
		u.status = "COMPLETED"
	}
}

// uri is how summaries name the upload.
func (u *upload) uri() string {
	return s3event.ObjectVersion{Bucket: u.bucket, Key: u.Key, VersionID: u.version}.URI()
}
