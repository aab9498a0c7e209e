package console

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/cmd/autobackup/operations"
	"autobackup/internal/doctor"
	"autobackup/internal/overview"
	"autobackup/internal/text"
)

// root is where audits of the stage leave what they came to, in its working bucket.
const root = "audits/"

// most of a report that is opened, in bytes, and most files of a folder that are listed at once.
const (
	largestFile = 64 << 20
	filesAtOnce = 200
)

// auditsData is a folder of the working bucket.
type auditsData struct {
	Bucket, Prefix string
	Up             string // the folder above; empty of the uppermost
	Unread         *doctor.Unread
	Folders        []string
	Files          []storedFile
	Next           string
}

type storedFile struct {
	Key, Name string
	Size      int64
	Modified  time.Time
	Page      bool
}

// work is the stage's working bucket.
func (c *console) work(account string) string { return operations.Bucket(c.Stage, account) }

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (c *console) audits(r *http.Request) (any, int, error) {
	at, err := c.here(r.Context())
	if err != nil {
		return nil, 0, err
	}
	d := auditsData{Bucket: c.work(at.AccountID), Prefix: r.FormValue("in")}
	if d.Prefix == "" {
		d.Prefix = root
	}
	if !strings.HasPrefix(d.Prefix, root) || !strings.HasSuffix(d.Prefix, "/") {
		return nil, 0, wrong("Reports of audits are in folders below " + root)
	}
	if d.Prefix != root {
		d.Up = path.Dir(strings.TrimSuffix(d.Prefix, "/")) + "/"
	}
	in := &s3.ListObjectsV2Input{Bucket: &d.Bucket, Prefix: &d.Prefix, Delimiter: aws.String("/"), MaxKeys: aws.Int32(filesAtOnce)}
	if next := r.FormValue("next"); next != "" {
		in.ContinuationToken = &next
	}
	out, err := c.s3().ListObjectsV2(r.Context(), in)
	if err != nil {
		d.Unread, err = because("ListObjectsV2", err)
		return d, 0, err
	}
	for _, folder := range out.CommonPrefixes {
		d.Folders = append(d.Folders, aws.ToString(folder.Prefix))
	}
	for _, o := range out.Contents {
		key := aws.ToString(o.Key)
		d.Files = append(d.Files, storedFile{key, path.Base(key), aws.ToInt64(o.Size), aws.ToTime(o.LastModified), path.Ext(key) == ".html"})
	}
	d.Next = aws.ToString(out.NextContinuationToken)
	return d, 0, nil
}

func (c *console) s3() *s3.Client {
	return s3.NewFromConfig(c.cfg, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
}

// sandboxed is what a report may do: show itself. It is of no origin then, and may not send anything.
const sandboxed = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

// file sends one: a page is shown, without the rights of this page, and everything else is kept
// as a file.
func (c *console) file(w http.ResponseWriter, r *http.Request) {
	at, err := c.here(r.Context())
	if err != nil {
		refuse(w, http.StatusBadGateway, "Nothing can be read", err.Error())
		return
	}
	bucket, key := c.work(at.AccountID), r.FormValue("key")
	if !strings.HasPrefix(key, root) {
		refuse(w, http.StatusNotFound, "There is no such page", "Reports of audits are below "+root)
		return
	}
	out, err := c.s3().GetObject(r.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	var none *types.NoSuchKey
	if errors.As(err, &none) {
		refuse(w, http.StatusNotFound, "There is no such page", "The working bucket has no such file, or none any more.")
		return
	}
	if why, err := because("GetObject", err); err != nil {
		refuse(w, http.StatusBadGateway, "Nothing can be read", err.Error())
		return
	} else if why != nil {
		refuse(w, http.StatusBadGateway, "This file can't be read", overview.Why(why))
		return
	}
	defer func() { _ = out.Body.Close() }() // it was only read
	if aws.ToInt64(out.ContentLength) > largestFile {
		refuse(w, http.StatusBadGateway, "This file is too large for a page", "Read it with the AWS CLI: aws s3 cp "+text.Line("s3://"+bucket+"/"+key, 300)+" .")
		return
	}
	w.Header().Set("Content-Security-Policy", sandboxed)
	kind := "text/html; charset=utf-8"
	if path.Ext(key) != ".html" {
		kind = "application/octet-stream"
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": text.Line(path.Base(key), 100)}))
	}
	w.Header().Set("Content-Type", kind)
	_, _ = io.Copy(w, out.Body) // the browser, or S3, has gone away: it shows what came
}
