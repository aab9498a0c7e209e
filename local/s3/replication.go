package s3

import (
	"errors"
	"time"
)

// Replication is one version on its way to one destination bucket.
type Replication struct {
	Source      string // bucket
	Destination string // bucket
	Key         string
	VersionID   string
	Marker      bool // a delete marker
	Change      bool // of tags, after the upload
}

// Plan is what becomes of a replication.
type Plan struct {
	Lag     time.Duration // until the replica appears, or the failure shows
	Fail    bool          // the source's status becomes FAILED, and no replica appears
	Corrupt Corruption    // what is wrong with the replica; no effect on delete markers
	Recut   *Recut        // how the replica is cut instead of as its source; nil: S3's own way
}

// replication is a Replication under way.
type replication struct {
	source, destination string
	key                 string
	version             *version
	rule                ReplicationRule
	change              bool // of tags, after the upload
	number              uint64
	plan                *Plan     // nil: nobody has been asked yet
	due                 time.Time // with a plan
}

var (
	errPlanned       = errors.New("replication fails by plan")
	errNoDestination = errors.New("the destination bucket does not exist or has no versioning")
	errSourceGone    = errors.New("the source version is gone")
	errErased        = errors.New("the replica was deleted by its version id")
	errRole          = errors.New("the replication role can't be taken")
)

// replications are the ones that the rules of b ask for. The server is locked.
func (s *Server) replications(b *bucket, key string, v *version) []*replication {
	rules := b.replication.applying(key, v)
	if len(rules) > 0 {
		v.copies = make(map[string]string, len(rules))
	}
	var jobs []*replication
	for destination, rule := range rules {
		v.copies[destination] = statusPending
		jobs = append(jobs, s.job(&replication{source: b.name, destination: destination, key: key, version: v, rule: *rule}))
	}
	return jobs
}

// job notes a replication that begins. The server is locked.
func (s *Server) job(r *replication) *replication {
	s.last++
	r.number = s.last
	s.jobs[r.number] = r
	s.pending++
	s.keepJob(r.number)
	s.buckets[r.source].objects.change(r.key) // which is PENDING now
	return r
}

// came notes what a replication has come to, and forgets it. The server is locked; what it
// answers tells of a failure when it no longer is.
func (s *Server) came(r *replication, err error) (tell func()) {
	tell = func() {}
	r.version.copies[r.destination] = statusCompleted
	if err != nil {
		r.version.copies[r.destination] = statusFailed
		tell = s.failed(r, err)
	}
	if b := s.buckets[r.source]; b != nil {
		b.objects.change(r.key)
	}
	s.pending--
	delete(s.jobs, r.number)
	s.keepJob(r.number)
	return tell
}

func (s *Server) schedule(r *replication) {
	var plan Plan
	if s.Replicate != nil {
		plan = s.Replicate(Replication{r.source, r.destination, r.key, r.version.id, r.version.marker, r.change})
	}
	s.mu.Lock()
	r.plan, r.due = &plan, s.clock.Now().Add(plan.Lag)
	s.keepJob(r.number)
	s.mu.Unlock()
	s.clock.AfterFunc(plan.Lag, func() { s.replicate(r, plan) })
}

func (s *Server) replicate(r *replication, plan Plan) {
	select {
	case <-s.closing:
		return
	default:
	}
	tell := func() {}
	if r.change {
		s.replicateTags(r, plan)
		return
	}
	replica, err := s.makeReplica(r, plan)
	s.mu.Lock()
	if err == nil {
		tell, err = s.deliver(r, replica)
	}
	tell = both(tell, s.came(r, err))
	s.mu.Unlock()
	tell()
}

// makeReplica makes the version that the destination gets: the source's, but
// for what replication and the plan change.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
func (s *Server) makeReplica(r *replication, plan Plan) (*version, error) {
	if plan.Fail {
		return nil, errPlanned
	}
	if err := s.mayReplicate(r); err != nil {
		return nil, err
	}
	source := r.version
	replica := &version{
		attributes: source.attributes, id: source.id, seq: source.seq, modified: source.modified, marker: source.marker,
		etag: source.etag, checksum: source.checksum, reason: source.reason, replica: true,
	}
	if source.marker {
		return replica, nil
	}
	if class := r.rule.Destination.StorageClass; class != "" {
		replica.storageClass = class
	}
	var err error
	if replica.body, err = s.sourceBody(r); err != nil {
		return nil, err
	}
	replica.tags = r.version.tags
	if plan.Recut != nil {
		shared := replica.body
		defer shared.release()
		if err := s.recut(replica, *plan.Recut); err != nil {
			return nil, err
		}
	}
	switch plan.Corrupt {
	case Intact:
	case Relabel:
		replica.header = replica.header.Clone()
		replica.header.Set("Content-Type", "application/x-relabeled")
	case Untag:
		replica.tags = nil
	default:
		shared := replica.body
		defer shared.release()
		if err := s.corrupt(replica, plan.Corrupt); err != nil {
			return nil, err
		}
	}
	if replica.encryption.hidesMD5() {
		replica.etag = s.hiddenETag(replica.body)
	}
	return replica, nil
}

// sourceBody holds the source's bytes, if it still exists. Its tags may have changed.
func (s *Server) sourceBody(r *replication) (*body, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.current(r)
	if now == nil {
		return nil, errSourceGone
	}
	r.version = now
	return now.body.hold(), nil
}

// current is the source's version as it is now. nil: it is gone. The server is locked.
func (s *Server) current(r *replication) *version {
	if b := s.buckets[r.source]; b != nil {
		return b.objects.find(r.key, r.version.id)
	}
	return nil
}

// deliver puts the replica into the destination. The server is locked.
func (s *Server) deliver(r *replication, replica *version) (func(), error) {
	b := s.buckets[r.destination]
	if b == nil || !b.versioned {
		replica.body.release()
		return func() {}, errNoDestination
	}
	if b.erased[replica.id] {
		replica.body.release()
		return func() {}, errErased
	}
	if err := b.protect(replica, s.clock.Now()); err != nil {
		replica.body.release()
		return func() {}, err
	}
	if replica.encryption.kms() {
		key := ""
		if to := r.rule.Destination.EncryptionConfiguration; to != nil {
			key = to.ReplicaKmsKeyID
		}
		replica.encryption.kmsKey = s.kmsKey(b.region, key)
	}
	aged := s.age(b)
	b.objects.remove(r.key, replica.id).release() // a job of Batch Replication may bring it again
	b.objects.add(r.key, replica)
	return both(aged, s.event(b, r.key, replica, s.clock.Now(), s.itself())), nil
}
