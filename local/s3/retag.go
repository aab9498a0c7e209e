package s3

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// putObjectTagging gives a version other tags.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
func (s *Server) putObjectTagging(c *call) error {
	var body struct {
		XMLName xml.Name `xml:"Tagging"`
		TagSet  struct {
			Tag []tag
		}
	}
	if err := c.readXML(&body); err != nil {
		return err
	}
	tags := url.Values{}
	for _, t := range body.TagSet.Tag {
		if tags.Has(t.Key) {
			return invalidTag("Cannot provide multiple Tags with the same key")
		}
		tags.Set(t.Key, t.Value)
	}
	if len(tags) > maxTags {
		return tooManyTags()
	}
	if err := validTags(tags); err != nil {
		return err
	}
	return s.retag(c, tags, http.StatusOK)
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
func (s *Server) deleteObjectTagging(c *call) error { return s.retag(c, nil, http.StatusNoContent) }

func (s *Server) retag(c *call, tags url.Values, status int) error {
	var jobs []*replication
	var id string
	_, err := s.lookup(c, func(b *bucket, v *version) {
		id = b.shownID(v)
		jobs = s.changes(b, c.key, b.retag(c.key, v, tags))
	})
	if err != nil {
		return err
	}
	for _, job := range jobs {
		s.schedule(job)
	}
	writeID(c.w.Header(), id)
	c.w.WriteHeader(status)
	return nil
}

// retag puts a version with other tags in the place of v: whoever has v keeps what it was.
func (b *bucket) retag(key string, v *version, tags url.Values) *version {
	changed := *v
	changed.tags = tags
	b.objects.replace(key, v, &changed)
	return &changed
}

// changes replicate other tags to where the version was replicated, and from a replica to
// where both buckets' rules bring changes of replicas. Rules by tag take no version for
// what it is tagged later. The server is locked.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-troubleshoot.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-for-metadata-changes.html
func (s *Server) changes(b *bucket, key string, v *version) (jobs []*replication) {
	for destination, rule := range b.replication.applying(key, v) {
		back := v.replica && b.syncs(destination) && s.synced(destination, b.name)
		if _, known := v.copies[destination]; !known && !back {
			continue
		}
		if v.copies == nil {
			v.copies = map[string]string{}
		}
		v.copies[destination] = statusPending
		jobs = append(jobs, s.job(&replication{source: b.name, destination: destination, key: key, version: v, rule: *rule, change: true}))
	}
	return jobs
}

// syncs says whether an enabled rule brings changes of replicas to a bucket.
func (b *bucket) syncs(to string) bool {
	return b.replication != nil && slices.ContainsFunc(b.replication.Rules, func(r ReplicationRule) bool {
		criteria := r.SourceSelectionCriteria
		return r.Status == "Enabled" && strings.TrimPrefix(r.Destination.Bucket, bucketARN) == to && criteria != nil && criteria.ReplicaModifications.enabled()
	})
}

func (s *Server) synced(from, to string) bool {
	b := s.buckets[from]
	return b != nil && b.syncs(to)
}

// replicateTags gives the other side's version the tags that this one has by now. Where it
// is not there yet, it comes with them.
func (s *Server) replicateTags(r *replication, plan Plan) {
	err := s.mayReplicate(r)
	if plan.Fail {
		err = errPlanned
	}
	s.mu.Lock()
	to := s.buckets[r.destination]
	switch from := s.current(r); {
	case err != nil:
	case from == nil:
		err = errSourceGone
	case to == nil:
		err = errNoDestination
	default:
		if v := to.objects.find(r.key, r.version.id); v != nil {
			to.retag(r.key, v, from.tags)
		}
	}
	tell := s.came(r, err)
	s.mu.Unlock()
	tell()
}
