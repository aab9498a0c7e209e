package look

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// destination is a bucket that a version is replicated to, with what the rules leave
// out.
type destination struct {
	bucket         string
	ignoresMarkers bool
	ignoresKMS     bool
	byTag          bool // as verdict.Replica.ByTag
	// guessed is set where a rule by tag took the version, and its tags no longer tell
	// which.
	guessed bool
}

// destination is where the rule takes a version with these tags; selected is false where
// it takes none such. A status is of some bucket that rules lead to: where there is but
// this one, it is of this, whatever the tags are by now.
func (r Rule) destination(tags map[string]string, primary verdict.Side) (d destination, selected bool) {
	by, mine := r.selecting(tags), r.alone && taken(primary)
	if len(by) == 0 && mine {
		by = r.rules
	}
	return destination{r.bucket, r.IgnoresMarkers, leaveOutKMS(by), r.ByTag && len(by) > 0 && !mine, false}, len(by) > 0
}

// chosen are the buckets where a version with these tags is to be. Where the tags select
// none although S3 shows that a rule took the version, they are all to which one may have;
// unselected says that there are rules, and none selects it.
func chosen(rules []Rule, tags map[string]string, primary verdict.Side) (found []destination, unselected bool) {
	var possible []destination
	for _, r := range rules {
		d, selected := r.destination(tags, primary)
		if selected {
			found = append(found, d)
		}
		possible = append(possible, destination{r.bucket, r.IgnoresMarkers, r.IgnoresKMS, false, true})
	}
	switch {
	case len(found) > 0:
		return found, false
	case taken(primary):
		return possible, false
	default:
		return nil, len(rules) > 0
	}
}

// tooMany says why they can't be followed, where they can't.
func tooMany(destinations []destination) string {
	switch n := len(destinations); {
	case n <= verdict.MaxReplicas:
		return ""
	case destinations[0].guessed:
		return fmt.Sprintf("rules by tag lead to %d buckets, and the tags no longer tell to which it went; autobackup compares at most %d", n, verdict.MaxReplicas)
	default:
		return fmt.Sprintf("%d replicas; autobackup compares at most %d", n, verdict.MaxReplicas)
	}
}

// taken says whether S3 shows that a rule took the object when it was uploaded, or a job
// of S3 Batch Replication later.
func taken(primary verdict.Side) bool {
	return primary.Found == verdict.Object && primary.Replication != "" && primary.Replication != string(types.ReplicationStatusReplica)
}

// guessedOne is told of each of several buckets that may have been meant.
const guessedOne = "one of several buckets that rules by tag lead to; its tags no longer tell which"

// likely are, of buckets that are guessed, those that hold the version, if any does.
func likely(destinations []destination, replicas []verdict.Replica) []verdict.Replica {
	holds := func(r verdict.Replica) bool { return r.Found == verdict.Object }
	if !slices.ContainsFunc(destinations, func(d destination) bool { return d.guessed }) {
		return replicas
	}
	if slices.ContainsFunc(replicas, holds) {
		return slices.DeleteFunc(replicas, func(r verdict.Replica) bool { return !holds(r) })
	}
	for i := range replicas {
		replicas[i].Detail = cmp.Or(replicas[i].Detail, guessedOne)
	}
	return replicas
}

// selectedBy are the tags by which rules select a version, as they are now; none of what
// is no object. HEAD shows no number both where there are none and where they may not be
// read, so whether they may is asked of each bucket now and then.
func (l *Looker) selectedBy(ctx context.Context, v s3event.ObjectVersion, primary *verdict.Side) (tags map[string]string, err error) {
	switch {
	case primary.Metadata == nil:
		return nil, nil
	case primary.Metadata.Tags == "":
		_, err = l.directory.taggings.get(v.Bucket, whenever, func() (bool, error) {
			tags, err = l.tagSet(ctx, v, *primary)
			return err == nil, err
		})
		return tags, err
	}
	if tags, err = l.tagSet(ctx, v, *primary); err == nil {
		primary.Metadata.Tags = fingerprint(tags)
	}
	return tags, err
}
