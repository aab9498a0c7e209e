package s3

import (
	"net/http"
	"net/http/httptest"
)

// Asked is a request for each operation, unsigned, of a bucket and a key.
func Asked(bucket, key string) map[string]*http.Request {
	all := map[string]*http.Request{}
	for _, op := range operations {
		path := map[resource]string{serviceResource: "/", bucketResource: "/" + bucket, objectResource: "/" + bucket + "/" + key}[op.on]
		if op.by != "" {
			path += "?" + op.by
		}
		r := httptest.NewRequest(op.method, path, http.NoBody)
		if op.copies {
			r.Header.Set(copySourceHeader, bucket+"/"+key)
		}
		all[op.name] = r
	}
	return all
}
