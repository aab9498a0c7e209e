package s3

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// BatchReplicate replicates what is in a bucket already, as a job of S3 Batch Replication
// does: the versions below the prefix that rules select by the tags of now, replicas
// included, and answers how many those are. Statuses restricts it, as ObjectReplicationStatuses
// of a job: NONE, COMPLETED, FAILED, REPLICA; none is all. What was deleted by its version
// id at the destination fails.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html
func (s *Server) BatchReplicate(bucketName, prefix string, statuses ...string) (int, error) {
	jobs, err := s.existing(bucketName, prefix, statuses)
	if err != nil {
		return 0, fmt.Errorf("replicate what is in s3://%s: %w", bucketName, err)
	}
	for _, job := range jobs {
		s.schedule(job)
	}
	return len(jobs), nil
}

func (s *Server) existing(bucketName, prefix string, statuses []string) (jobs []*replication, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	switch {
	case b == nil:
		return nil, noSuchBucket(bucketName)
	case b.replication == nil:
		return nil, invalidRequest("the bucket has no replication configuration")
	}
	b.objects.keys.Ascend(prefix, func(key string) bool {
		for _, v := range b.objects.versions[key] {
			status := cmp.Or(v.replicationStatus(), "NONE")
			if strings.HasPrefix(key, prefix) && status != statusPending && (len(statuses) == 0 || slices.Contains(statuses, status)) {
				jobs = append(jobs, s.replications(b, key, v)...)
			}
		}
		return strings.HasPrefix(key, prefix)
	})
	return jobs, nil
}
