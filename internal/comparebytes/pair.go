package comparebytes

import (
	"errors"
	"fmt"

	"autobackup/internal/batch"
	"autobackup/internal/digest"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Pair is an object version on both sides, as it was looked at.
type Pair struct {
	Key     string `json:"key"`
	Version string `json:"version"` // the same on both sides: replicas keep it
	Size    int64  `json:"size"`    // bytes; the same on both sides, else nothing is to be read
	Primary Place  `json:"primary"`
	Replica Place  `json:"replica"`
}

// Place is where one side of a pair is read.
type Place struct {
	Bucket string `json:"bucket"`
	Region string `json:"region"`
	ETag   string `json:"etag,omitempty"` // as S3 sent it
}

// pairOf is what a batch of an execution that reads bytes has to be read: the
// version that its one message tells of, in the primary and in the replica that
// Batch.Replica names.
func pairOf(b batch.Batch) (Pair, error) {
	if !b.Reads || len(b.Reading) != 1 {
		return Pair{}, errors.New(`"batch" has not "reads" set and one message in "reading"`)
	}
	m := b.Reading[0]
	if m.Look == nil || b.Replica < 0 || b.Replica >= len(m.Look.Replicas) {
		return Pair{}, fmt.Errorf(`the message in "reading" has no look at replica %d`, b.Replica)
	}
	object, err := s3event.Parse(m.Body)
	if err != nil {
		return Pair{}, fmt.Errorf(`the message in "reading": %w`, err)
	}
	primary, replica := m.Look.Primary, m.Look.Replicas[b.Replica].Side
	switch {
	case primary.Found != verdict.Object || replica.Found != verdict.Object:
		return Pair{}, errors.New("bytes are read only where both sides have the object")
	case primary.Size != replica.Size:
		return Pair{}, fmt.Errorf("bytes are read only where both sides have the same size, not %d and %d bytes", primary.Size, replica.Size)
	}
	pair := PairOf(object.Key, object.VersionID, primary, replica)
	return pair, pair.validate()
}

func placeOf(s verdict.Side) Place { return Place{Bucket: s.Bucket, Region: s.Region, ETag: s.ETag} }

func (p Pair) validate() error {
	switch {
	case p.Key == "" || p.Version == "" || p.Primary.Bucket == "" || p.Replica.Bucket == "":
		return errors.New("a pair needs a key, a version and two buckets")
	case p.Size < 0 || p.Size > digest.MaxSize:
		return fmt.Errorf("S3 has no object of %d bytes", p.Size)
	}
	return nil
}
