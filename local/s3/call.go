package s3

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxKey is the longest key, in bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKey = 1024

// call is one request on its way through its handler.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	id     string // the request's
	idle   func() // tells the clock that nothing is under way for this request
	query  url.Values
	region string // the one the request was signed for
	bucket string
	key    string
}

// parse reads what every operation needs: query, region, bucket and key.
func (c *call) parse() (err error) {
	if c.query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		return fail(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	}
	path := strings.TrimPrefix(c.r.URL.Path, "/")
	c.bucket, c.key, _ = strings.Cut(path, "/")
	if c.region, err = c.signedRegion(); err != nil {
		return err
	}
	switch {
	case !utf8.ValidString(c.key):
		return fail(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	case len(c.key) > maxKey:
		return keyTooLong()
	}
	return nil
}

// signedRegion is the one in the credential scope, which stands in the
// Authorization header or in a presigned URL's query.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
func (c *call) signedRegion() (string, error) {
	scope := c.query.Get("X-Amz-Credential")
	header := c.r.Header.Get("Authorization")
	if header != "" || c.query.Has("AWSAccessKeyId") { // the latter is Signature Version 2
		fields, ok := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
		if !ok {
			return "", invalidRequest("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
		}
		_, rest, _ := strings.Cut(fields, "Credential=")
		scope, _, _ = strings.Cut(rest, ",")
	}
	if scope == "" {
		return "", fail(http.StatusForbidden, "AccessDenied", "Access Denied: the request is not signed")
	}
	parts := strings.Split(strings.TrimSpace(scope), "/")
	if n := len(parts); n >= 5 && parts[n-1] == "aws4_request" && parts[n-2] == "s3" && parts[n-3] != "" {
		return parts[n-3], nil
	}
	return "", fail(http.StatusBadRequest, "AuthorizationHeaderMalformed",
		"The authorization header is malformed; the Credential must end in \"/<region>/s3/aws4_request\", not %q", scope)
}

// refuseHostStyle refuses a request whose host name starts with a bucket's name.
func (s *Server) refuseHostStyle(c *call) error {
	label, rest, _ := strings.Cut(c.r.Host, ".")
	if rest == "" || net.ParseIP(hostOnly(c.r.Host)) != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[label] == nil {
		return nil
	}
	return notImplemented("addressing bucket %s by host name; use path style: it", label)
}

func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

// version is the version id asked for, "" for the current version.
func (c *call) version() (string, error) {
	if c.query.Has("versionId") && c.query.Get("versionId") == "" {
		return "", invalidArgument("Version id cannot be the empty string").detail("ArgumentName", "versionId")
	}
	return c.query.Get("versionId"), nil
}

// sourceIP is the client's address as events tell it.
func (c *call) sourceIP() string {
	if host := hostOnly(c.r.RemoteAddr); net.ParseIP(host) != nil {
		return host
	}
	return "127.0.0.1" // an in-memory connection has none
}
