package look

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Ageing is an enabled lifecycle rule for keys like one, for people.
type Ageing struct {
	ID     string `json:"id"`
	Does   string `json:"does"`             // what becomes of versions
	Narrow bool   `json:"narrow,omitempty"` // it selects by tag or size, too: not every version of such keys
}

// AgeingOf is the enabled lifecycle rules whose prefix the key has.
func AgeingOf(rules []types.LifecycleRule, key string) (all []Ageing) {
	for _, r := range rules {
		by := selection(r)
		if r.Status == types.ExpirationStatusEnabled && strings.HasPrefix(key, aws.ToString(by.Prefix)) {
			narrow := len(by.Tags) > 0 || by.ObjectSizeGreaterThan != nil || by.ObjectSizeLessThan != nil
			all = append(all, Ageing{aws.ToString(r.ID), does(r), narrow})
		}
	}
	return all
}

// does says what a rule does, in the API's names.
func does(r types.LifecycleRule) string {
	var all []string
	if e := r.Expiration; e != nil {
		all = append(all, "Expiration "+when(e.Date, e.Days, aws.ToBool(e.ExpiredObjectDeleteMarker)))
	}
	if n := r.NoncurrentVersionExpiration; n != nil {
		all = append(all, "NoncurrentVersionExpiration after "+days(n.NoncurrentDays)+newer(n.NewerNoncurrentVersions))
	}
	for _, t := range r.Transitions {
		all = append(all, "Transition to "+string(t.StorageClass)+" "+when(t.Date, t.Days, false))
	}
	for _, t := range r.NoncurrentVersionTransitions {
		all = append(all, "NoncurrentVersionTransition to "+string(t.StorageClass)+" after "+days(t.NoncurrentDays)+newer(t.NewerNoncurrentVersions))
	}
	if len(all) == 0 {
		return "nothing to versions"
	}
	return strings.Join(all, ", ")
}

func when(date *time.Time, after *int32, lonely bool) string {
	switch {
	case lonely:
		return "of delete markers with nothing below"
	case date != nil:
		return "on " + date.UTC().Format(time.DateOnly)
	default:
		return "after " + days(after)
	}
}

func days(n *int32) string { return fmt.Sprintf("%d days", aws.ToInt32(n)) }

func newer(n *int32) string {
	if aws.ToInt32(n) == 0 {
		return ""
	}
	return fmt.Sprintf(", but for the %d newest", *n)
}
