package s3

import (
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	aclHeader          = "X-Amz-Acl"
	ownersACL          = "bucket-owner-full-control"
	metaPrefix         = "X-Amz-Meta-"
	storageClassHeader = "X-Amz-Storage-Class"
	taggingHeader      = "X-Amz-Tagging"
	countHeader        = "X-Amz-Tagging-Count"
	// maxMetadata bounds names and values of the user's metadata, in bytes.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	maxMetadata = 2048
)

// attributes are what an upload says about its object, besides the bytes.
type attributes struct {
	header       http.Header // content headers and x-amz-meta-*, answered as they came
	storageClass string
	tags         url.Values
	encryption   encryption
	lock         lock
}

var contentHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires"}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
var storageClasses = []string{
	"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR",
}

// attributesOf reads them. Buckets have no ACLs, as new ones on AWS, and take the one that changes nothing.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func (s *Server) attributesOf(c *call) (attributes, error) {
	a := attributes{header: http.Header{}, storageClass: c.r.Header.Get(storageClassHeader)}
	if a.storageClass == "" {
		a.storageClass = "STANDARD"
	}
	if acl := c.r.Header.Get(aclHeader); acl != "" && acl != ownersACL {
		return a, fail(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	if !slices.Contains(storageClasses, a.storageClass) {
		return a, fail(http.StatusBadRequest, "InvalidStorageClass", "The storage class you specified is not valid")
	}
	if err := a.readHeaders(c.r.Header); err != nil {
		return a, err
	}
	var err error
	if a.lock, err = lockOf(c.r.Header, s.clock.Now()); err != nil {
		return a, err
	}
	if a.tags, err = tagsOf(c.r.Header.Get(taggingHeader)); err != nil {
		return a, err
	}
	a.encryption, err = s.encryptionOf(c)
	return a, err
}

func (a *attributes) readHeaders(h http.Header) error {
	metadata := 0
	for name, values := range h {
		if slices.Contains(contentHeaders, name) {
			a.header[name] = each(values, strings.Clone) // or the request's header block would be kept, which is one string
		}
		if user, ok := strings.CutPrefix(name, metaPrefix); ok {
			a.header[strings.ToLower(name)] = each(values, metadataText) // boto3 tells the case of what it gets
			metadata += len(user) + len(strings.Join(values, ","))
		}
	}
	if metadata > maxMetadata {
		return fail(http.StatusBadRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", "binary/octet-stream")
	}
	// aws-chunked is how the request was sent, not how the object is encoded.
	encodings := strings.Split(a.header.Get("Content-Encoding"), ",")
	encodings = slices.DeleteFunc(encodings, func(e string) bool {
		e = strings.TrimSpace(e)
		return e == "" || e == "aws-chunked"
	})
	if a.header.Del("Content-Encoding"); len(encodings) > 0 {
		a.header.Set("Content-Encoding", strings.TrimSpace(strings.Join(encodings, ",")))
	}
	return nil
}

// archived objects can't be read before they are restored.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (a *attributes) archived() bool {
	return a.storageClass == "GLACIER" || a.storageClass == "DEEP_ARCHIVE"
}

func (a *attributes) write(h http.Header) {
	for name, values := range a.header {
		h[name] = values
	}
	if a.storageClass != "STANDARD" {
		h.Set(storageClassHeader, a.storageClass)
	}
	if len(a.tags) > 0 {
		h.Set(countHeader, strconv.Itoa(len(a.tags)))
	}
	a.encryption.write(h)
	a.lock.write(h)
}

func each(values []string, change func(string) string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = change(v)
	}
	return out
}

// metadataText is how S3 tells a value of the user's metadata: what was encoded as RFC
// 2047 has it, or came in bytes that aren't ASCII, is encoded if it must be.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
func metadataText(value string) string {
	characters := make([]rune, len(value))
	for i := range len(value) {
		characters[i] = rune(value[i]) // bytes are read as Latin 1
	}
	text := string(characters)
	if decoded, err := new(mime.WordDecoder).DecodeHeader(text); err == nil {
		text = decoded
	}
	if !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return text
	}
	return "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?="
}
