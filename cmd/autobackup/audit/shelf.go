package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/keep"
	"autobackup/internal/s3error"
)

// shelf is a folder of the working bucket. Its functions keep everything there that one of
// them leaves to another; its name ends with a slash.
type shelf struct {
	keep.Client
	bucket, prefix string
}

// errAbsent is of an object that is not there.
var errAbsent = errors.New("it is not there")

func (s shelf) of(name string) (bucket, key *string) {
	return &s.bucket, aws.String(s.prefix + name)
}

func (s shelf) failed(operation, name string, err error) error {
	if s3error.Status(err) == http.StatusNotFound && operation == "GetObject" {
		err = errAbsent
	}
	return fmt.Errorf("%s of s3://%s/%s%s: %w", operation, s.bucket, s.prefix, name, err)
}

// put writes a value as JSON. What is written again is the same.
func (s shelf) put(ctx context.Context, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.write(ctx, name, bytes.NewReader(text), "", "")
}

// once writes a value where nothing is there yet, and leaves what is.
func (s shelf) once(ctx context.Context, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := s.write(ctx, name, bytes.NewReader(text), "*", ""); !conflicts(err) {
		return err
	}
	return nil
}

// has says whether an object is there.
func (s shelf) has(ctx context.Context, name string) (bool, error) {
	body, _, err := s.read(ctx, name, "")
	if errors.Is(err, errAbsent) {
		return false, nil
	}
	if err == nil {
		err = body.Close()
	}
	return err == nil, err
}

// write writes what a reader has. With none "*" nothing may be there, with match that
// ETag alone.
func (s shelf) write(ctx context.Context, name string, body io.ReadSeeker, none, match string) error {
	bucket, key := s.of(name)
	in := &s3.PutObjectInput{Bucket: bucket, Key: key, Body: body}
	if none != "" {
		in.IfNoneMatch = &none
	}
	if match != "" {
		in.IfMatch = &match
	}
	if _, err := s.PutObject(ctx, in); err != nil {
		return s.failed("PutObject", name, err)
	}
	return nil
}

// get reads a value, and gives the ETag that it has.
func (s shelf) get(ctx context.Context, name string, value any) (etag string, err error) {
	body, etag, err := s.read(ctx, name, "")
	if err != nil {
		return "", err
	}
	defer body.Close() //nolint:errcheck // read only
	if err := json.NewDecoder(body).Decode(value); err != nil {
		return "", s.failed("read", name, err)
	}
	return etag, nil
}

// read opens an object, or the bytes of it that a range names.
func (s shelf) read(ctx context.Context, name, bytes string) (body io.ReadCloser, etag string, err error) {
	bucket, key := s.of(name)
	in := &s3.GetObjectInput{Bucket: bucket, Key: key}
	if bytes != "" {
		in.Range = &bytes
	}
	out, err := s.GetObject(ctx, in)
	if err != nil {
		return nil, "", s.failed("GetObject", name, err)
	}
	return out.Body, aws.ToString(out.ETag), nil
}

// remove takes an object away.
func (s shelf) remove(ctx context.Context, name string) error {
	bucket, key := s.of(name)
	if _, err := s.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key}); err != nil {
		return s.failed("DeleteObject", name, err)
	}
	return nil
}

// upload copies a file.
func (s shelf) upload(ctx context.Context, name, file string) error {
	f, err := os.Open(file) // #nosec G304: a file of the function's own
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	return s.write(ctx, name, f, "", "")
}

// download copies an object into a file.
func (s shelf) download(ctx context.Context, name, file string) error {
	body, _, err := s.read(ctx, name, "")
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // read only
	if err := os.MkdirAll(filepath.Dir(file), dirPerm); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, filePerm) // #nosec G304: as above
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	return errors.Join(err, f.Close())
}

// folders are the folders right below this one, in the order of their names.
func (s shelf) folders(ctx context.Context) (names []string, err error) {
	pages := s3.NewListObjectsV2Paginator(s, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &s.prefix, Delimiter: aws.String("/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.failed("ListObjectsV2", "", err)
		}
		for _, p := range page.CommonPrefixes {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(aws.ToString(p.Prefix), s.prefix), "/"))
		}
	}
	return names, nil
}

// in is a folder below this one.
func (s shelf) in(name string) shelf { return shelf{s.Client, s.bucket, s.prefix + name + "/"} }
