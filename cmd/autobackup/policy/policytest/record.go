package policytest

import (
	"sync"

	"autobackup/local/s3"
)

// Record notes, by bucket, all that is asked of a local S3 from now on. fault may answer
// in its place, as the server's own does.
func Record(server *s3.Server, fault func(s3.Request) *s3.Fault) map[string][]Made {
	var lock sync.Mutex
	made := map[string][]Made{}
	server.Fault = func(r s3.Request) *s3.Fault {
		lock.Lock()
		defer lock.Unlock()
		resource := "arn:aws:s3:::" + r.Bucket
		if r.Key != "" {
			resource += "/" + r.Key
		}
		made[r.Bucket] = append(made[r.Bucket], Made{Operation: r.Operation, Resource: resource})
		return fault(r)
	}
	return made
}
