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

// ParseAddress reads s3://BUCKET[/PREFIX].
func ParseAddress(s string) (Address, error) {
	return ParseAs(s, "s3://BUCKET or s3://BUCKET/PREFIX")
}

// ParseAs reads s3://BUCKET[/REST]. Of what is none, the error says what to write.
func ParseAs(s, write string) (Address, error) {
	rest, is := strings.CutPrefix(s, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !is || bucket == "" {
		return Address{}, fmt.Errorf("%s is no address of a bucket: write %s", text.Quoted(s, maxShown), write)
	}
	return Address{bucket, key}, nil
}

// ParseBucket reads s3://BUCKET, behind which nothing may follow.
func ParseBucket(s string) (bucket string, err error) {
	address, err := ParseAs(s, "s3://BUCKET")
	if err == nil && address.Rest != "" {
		err = fmt.Errorf("%s names more than a bucket, and a prefix or key of the primary holds for all: write s3://%s", text.Quoted(s, maxShown), address.Bucket)
	}
	return address.Bucket, err
}

// maxShown bounds what an error shows of an argument, in bytes.
const maxShown = 200
