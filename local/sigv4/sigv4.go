// Package sigv4 reads the signatures of requests.
package sigv4

import (
	"net/http"
	"strings"
)

// AccessKey is the id of the key that signed the request; empty where it is not signed.
func AccessKey(r *http.Request) string {
	id, _, _ := strings.Cut(credential(r), "/")
	return id
}

func credential(r *http.Request) string {
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		scope, _, _ := strings.Cut(rest, ",")
		return scope
	}
	return r.URL.Query().Get("X-Amz-Credential")
}

// Scope is the region and the service in the request's credential scope, both
// empty where the request is not signed:
// Credential=AKID/20260302/eu-central-1/s3/aws4_request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func Scope(r *http.Request) (region, service string) {
	if parts := strings.Split(credential(r), "/"); len(parts) == 5 {
		return parts[2], parts[3]
	}
	return "", ""
}
