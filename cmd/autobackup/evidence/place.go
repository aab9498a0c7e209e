package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/cmd/autobackup/identity"
	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/evidence"
	"autobackup/internal/s3error"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// place is where evidence is.
type place interface {
	names() ([]string, error)
	open(name string) (io.ReadCloser, error)
	close() error
}

// at is a folder, or s3://BUCKET/PREFIX.
func at(ctx context.Context, where string, access pair.Access) (place, error) {
	if !strings.HasPrefix(where, "s3://") {
		root, err := os.OpenRoot(where)
		if err != nil {
			return nil, fmt.Errorf("open the folder of evidence: %w: name the one that the folder evidence is in, or s3://BUCKET/PREFIX", err)
		}
		return folder{root}, nil
	}
	address, err := pair.ParseAddress(where)
	if err != nil {
		return nil, err
	}
	client, err := pair.Connect(ctx, "the evidence in "+text.Name(address.Bucket), address.Bucket, access)
	if err != nil {
		return nil, err
	}
	prefix := strings.TrimSuffix(address.Rest, "/")
	if prefix != "" {
		prefix += "/"
	}
	return bucket{ctx, client, address.Bucket, prefix}, nil
}

// folder is one on this machine. No link in it leads out of it.
type folder struct{ root *os.Root }

func (f folder) names() (all []string, err error) {
	err = fs.WalkDir(f.root.FS(), strings.TrimSuffix(evidence.Root, "/"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) && all == nil {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the folder of evidence: %w: have it readable", err)
	}
	return all, nil
}

func (f folder) open(name string) (io.ReadCloser, error) {
	in, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	return in, nil
}

func (f folder) close() error { return f.root.Close() }

// bucket is one of S3, below a prefix. Of each name the newest version is read.
type bucket struct {
	ctx    context.Context // of the run that the place is opened for
	client *s3.Client
	name   string
	prefix string
}

func (b bucket) names() (all []string, err error) {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: aws.String(b.prefix + evidence.Root)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.ctx)
		if err != nil {
			return nil, fmt.Errorf("list s3://%s/%s: %s", b.name, b.prefix+evidence.Root, why("ListObjectsV2", err))
		}
		for _, o := range page.Contents {
			all = append(all, strings.TrimPrefix(aws.ToString(o.Key), b.prefix))
		}
	}
	return all, nil
}

func (b bucket) open(name string) (io.ReadCloser, error) {
	out, err := b.client.GetObject(b.ctx, &s3.GetObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + name)})
	switch {
	case err == nil:
		return out.Body, nil
	case s3error.Found(err) == verdict.Missing:
		return nil, fs.ErrNotExist
	}
	return nil, errors.New(why("GetObject", err))
}

func (bucket) close() error { return nil }

// why is an error of S3 with what to do.
func why(operation string, err error) string {
	next, is := identity.Denied(err)
	switch {
	case is:
	case s3error.Found(err) == verdict.Denied:
		next = "grant what autobackup policy evidence prints"
	default:
		next = "try again"
	}
	return s3error.Explain(operation, err) + s3error.Message(err) + ": " + next
}
