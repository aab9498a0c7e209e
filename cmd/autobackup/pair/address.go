package pair

import (
	"fmt"
	"strings"

	"autobackup/internal/text"
)

// Address is a bucket and what of it, of s3://BUCKET/REST.
type Address struct {
	Bucket string
	Rest   string // a key or the beginning of keys; empty for the whole bucket
}

// ParseAddress reads s3://BUCKET[/REST].
func ParseAddress(s string) (Address, error) {
	rest, is := strings.CutPrefix(s, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !is || bucket == "" {
		return Address{}, fmt.Errorf("%s is no address of a bucket: write s3://BUCKET or s3://BUCKET/PREFIX", text.Quoted(s, maxShown))
	}
	return Address{bucket, key}, nil
}

// ParseReplica reads s3://BUCKET of a replica, whose keys are the primary's.
func ParseReplica(s string) (bucket string, err error) {
	replica, err := ParseAddress(s)
	if err == nil && replica.Rest != "" {
		err = fmt.Errorf("%s: a prefix or key is the primary's, and holds for its replicas: write s3://%s", text.Quoted(s, maxShown), replica.Bucket)
	}
	return replica.Bucket, err
}

// maxShown bounds what an error shows of an argument, in bytes.
const maxShown = 200
