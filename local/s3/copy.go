package s3

import (
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

const (
	copySourceHeader  = "X-Amz-Copy-Source"
	copyIfMatch       = copySourceHeader + "-If-Match"
	copyIfNoneMatch   = copySourceHeader + "-If-None-Match"
	metadataDirective = "X-Amz-Metadata-Directive"
	taggingDirective  = "X-Amz-Tagging-Directive"
	// annotationDirective is sent by the AWS CLI. It means nothing: there are no annotations.
	annotationDirective = "X-Amz-Object-Annotation-Directive"
	// copySourceVersionHeader tells which version was copied.
	copySourceVersionHeader = copySourceHeader + "-Version-Id"
)

// copies tells whether the request names a source.
func (c *call) copies() bool { return c.r.Header.Get(copySourceHeader) != "" }

// copyObject stores a version with the bytes of another: a new one in every respect, whose
// ETag and checksum are those of one upload, whatever the source's are.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
func (s *Server) copyObject(c *call) error {
	from, source, id, err := s.sourceOf(c)
	if err != nil {
		return err
	}
	defer source.body.release()
	if err := copyable(source.size()); err != nil {
		return err
	}
	a, err := s.copied(c, from, source)
	if err != nil {
		return err
	}
	algorithm := source.checksum.algorithm
	if name := c.r.Header.Get(checksumAlgorithm); name != "" {
		if algorithm = algorithmNamed(name); algorithm == nil {
			return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types")
		}
	}
	stored, err := s.storeCopy(source, algorithm, byteRange{length: source.size()})
	if err != nil {
		return err
	}
	v := &version{attributes: a, body: newBody(false, stored), reason: reasonCopy}
	if v.etag, v.checksum, err = seal(v.body, algorithm, fullObject); err == nil {
		err = s.commit(c, v, unconditional)
	}
	if err != nil {
		v.body.release()
		return err
	}
	return c.tellCopy(v, id)
}

// tellCopy answers with the version that was made, and the id of its source.
func (c *call) tellCopy(v *version, source string) error {
	h := c.w.Header()
	v.encryption.write(h)
	if v.id != nullVersion {
		writeID(h, v.id)
	}
	if source != "" {
		h.Set(copySourceVersionHeader, source)
	}
	c.xml(http.StatusOK, struct {
		XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyObjectResult"`
		LastModified string
		ETag         string
		ChecksumType string
		Checksum     element
	}{LastModified: iso(v.modified), ETag: quoted(v.etag), ChecksumType: v.checksum.kind, Checksum: v.checksum.element()})
	return nil
}

// copySource is the request as if it read the source: its header has the bucket and the
// key, URL-encoded, and may have a version id.
func (c *call) copySource() (*call, error) {
	path, query, _ := strings.Cut(c.r.Header.Get(copySourceHeader), "?")
	path, err := url.PathUnescape(path)
	from := *c
	from.bucket, from.key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if err == nil {
		from.query, err = url.ParseQuery(query)
	}
	if err != nil || from.bucket == "" || from.key == "" || strings.HasPrefix(from.bucket, "arn:") {
		return nil, invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey").detail("ArgumentName", "x-amz-copy-source")
	}
	return &from, nil
}

// storeCopy keeps a range of a version's bytes once more.
func (s *Server) storeCopy(source *version, by *algorithm, of byteRange) (part, error) {
	return s.files.store(of.length, func(w io.Writer) (part, error) {
		return by.part(w, of.length, func(w io.Writer) error { return source.body.copyTo(w, of.from, of.length) })
	})
}

// sourceOf finds the version to copy, with the call that would read it and the id that it is shown
// by, and holds its bytes, if the caller may read it.
func (s *Server) sourceOf(c *call) (from *call, v *version, id string, err error) {
	if from, err = c.copySource(); err != nil {
		return nil, nil, "", err
	}
	if region := s.regionOf(from.bucket); region != "" {
		from.region = region // the request is signed for that of the destination
	}
	if err := s.caller(c).May(from.ofVersion("s3:GetObject", "s3:GetObjectVersion"), s.arn(from.bucket, from.key)); err != nil {
		return nil, nil, "", refused(err)
	}
	v, err = s.lookup(from, func(b *bucket, v *version) { id = b.shownID(v); v.body.hold() })
	if err != nil {
		if from.query.Has("versionId") && answered(err, http.StatusMethodNotAllowed) {
			return nil, nil, "", invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.")
		}
		return nil, nil, "", s.hide(from, err)
	}
	if err = s.readable(from, v); err == nil {
		err = copyCondition(c.r.Header, v)
	}
	if err != nil {
		v.body.release()
		return nil, nil, "", err
	}
	return from, v, id, nil
}

// copyCondition checks what a copy asks of its source; conditions by time are refused.
func copyCondition(h http.Header, source *version) error {
	if match := h.Get(copyIfMatch); match != "" && !matches(match, source.etag) {
		return preconditionFailed(strings.ToLower(copyIfMatch))
	}
	if none := h.Get(copyIfNoneMatch); none != "" && matches(none, source.etag) {
		return preconditionFailed(strings.ToLower(copyIfNoneMatch))
	}
	return nil
}

func (s *Server) readable(from *call, v *version) error {
	if v.archived() {
		return fail(http.StatusForbidden, "InvalidObjectState", "Operation is not valid for the source object's storage class").
			detail("StorageClass", v.storageClass)
	}
	if err := v.encryption.permits(http.Header{}); err != nil {
		return err
	}
	return s.mayDecrypt(from, v.encryption)
}

// copied are the attributes of the copy: metadata and tags are the source's unless the
// request says otherwise; class, encryption and locks are the request's or the bucket's.
func (s *Server) copied(c, from *call, source *version) (attributes, error) {
	metadata, err := c.directive(metadataDirective)
	if err != nil {
		return attributes{}, err
	}
	tags, err := c.directive(taggingDirective)
	if err != nil {
		return attributes{}, err
	}
	if from.bucket == c.bucket && from.key == c.key && from.query.Get("versionId") == "" && metadata != replaced && !c.changesCopy() {
		return attributes{}, invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	a, err := s.attributesOf(c)
	if err != nil {
		return a, err
	}
	if metadata != replaced {
		a.header = maps.Clone(source.header)
	}
	if tags != replaced {
		a.tags = source.tags
		err = s.mayCopyTags(c, from, source)
	}
	return a, err
}

// changesCopy tells whether an object that is copied to itself gets other attributes.
func (c *call) changesCopy() bool {
	return c.r.Header.Get(storageClassHeader) != "" || c.r.Header.Get(encryptionPrefix) != "" || c.r.Header.Get(customerAlgorithm) != ""
}

func (s *Server) mayCopyTags(c, from *call, source *version) error {
	if len(source.tags) == 0 {
		return nil
	}
	by := s.caller(c)
	if err := by.May(from.ofVersion("s3:GetObjectTagging", "s3:GetObjectVersionTagging"), s.arn(from.bucket, from.key)); err != nil {
		return refused(err)
	}
	return refused(by.May("s3:PutObjectTagging", s.arn(c.bucket, c.key)))
}

const replaced = "REPLACE"

// directive reads whether something is the source's (COPY) or the request's (REPLACE).
func (c *call) directive(header string) (string, error) {
	value := c.r.Header.Get(header)
	if value != "" && value != "COPY" && value != replaced {
		return "", invalidArgument("Unknown %s.", strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(header, "X-Amz-"), "-", " "))).detail("ArgumentName", strings.ToLower(header))
	}
	return value, nil
}
