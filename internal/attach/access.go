package attach

import (
	"slices"
	"strconv"
	"strings"
)

// need is a permission that looks make use of.
type need struct {
	action  string
	objects bool   // it is of objects, and not of the bucket
	must    bool   // uploads end in ACCESS_DENIED without it
	without string // what comes of it where it is refused
}

// each is what comes of a refusal that no look gets around.
const each = "each upload would end in ACCESS_DENIED"

// needs are the permissions that looks at a side make use of, as template.yaml grants them
// to fetch-etags. AWS does not say whether the answer about a version that is missing also
// takes s3:ListBucketVersions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (b *Bucket) needs(primary bool) []need {
	tags := need{"s3:GetObjectVersionTagging", true, false, "tags are not compared"}
	if primary {
		tags = b.tagging(tags)
	}
	all := []need{
		{"s3:GetObjectVersion", true, true, each},
		{"s3:ListBucket", false, true, "each upload whose version is not there when it is looked at, or not yet, would end in ACCESS_DENIED"},
		{"s3:ListBucketVersions", false, false, "an upload whose version is not there when it is looked at, or not yet, may end in ACCESS_DENIED"},
		{"s3:GetObjectVersionAttributes", true, false, "checksums of parts are not compared"}, tags,
		{"s3:GetObjectRetention", true, false, "retention is not compared"},
		{"s3:GetObjectLegalHold", true, false, "legal holds are not compared"},
	}
	if primary {
		return append(all, need{"s3:GetReplicationConfiguration", false, true, each})
	}
	return append(all, need{"s3:GetLifecycleConfiguration", false, false, "what lifecycle removed is not told as removed by it"})
}

// tagging is what reading tags of the primary is needed for: where rules select by tag,
// looks must know them.
func (b *Bucket) tagging(n need) need {
	by := func(tag bool) bool {
		return slices.ContainsFunc(b.Rules, func(r Rule) bool { return r.Enabled && r.ByTag == tag })
	}
	switch {
	case by(true) && by(false):
		n.without += ", and each upload that rules by tag decide on would end in ACCESS_DENIED"
	case by(true):
		n.must, n.without = true, each
	}
	return n
}

// ruling is what a statement says of a need.
type ruling struct {
	need
	keys string // which ones it is about, where they are not all
}

// said is what a statement says of needs.
type said struct {
	sid   string // or its place, from 1
	why   string // the conditions by which it holds
	holds truth  // maybe: that hangs on something that can't be known from here
	about []ruling
}

// statements are those of a policy that say anything about a caller's needs.
func (c caller) statements(effect, bucket, policy string, needs []need) (found []said, err error) {
	if policy == "" {
		return nil, nil
	}
	statements, err := parsePolicy(policy)
	if err != nil {
		return nil, err
	}
	for i, st := range statements {
		if st.Effect != effect {
			continue
		}
		one := said{sid: st.Sid}
		if one.sid == "" {
			one.sid = strconv.Itoa(i + 1)
		}
		for _, n := range needs {
			if of, keys := st.covers(n, "arn:"+c.partition+":s3:::"+bucket); of != noKeys {
				one.about = append(one.about, ruling{n, keys})
			}
		}
		if one.holds, one.why = st.holds(c); one.holds != no && len(one.about) > 0 {
			found = append(found, one)
		}
	}
	return found, nil
}

// share says whether the policy of a bucket of another account allows needs: without it, S3
// refuses.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html
type share struct {
	lacking []ruling // with keys: those alone are allowed
	unsure  []ruling
}

func (c caller) share(bucket, policy string, needs []need) (s share, err error) {
	allowed, err := c.statements("Allow", bucket, policy, needs)
	for _, n := range needs {
		best, keys := no, []string{}
		for _, a := range allowed {
			for _, r := range a.about {
				switch {
				case r.need != n:
				case r.keys == "":
					best = max(best, a.holds)
				default:
					keys = append(keys, r.keys)
				}
			}
		}
		switch one := (ruling{n, strings.Join(keys, ", ")}); best {
		case no:
			s.lacking = append(s.lacking, one)
		case maybe:
			s.unsure = append(s.unsure, one)
		}
	}
	return s, err
}

// Except is the condition to add to a statement that denies, by which it no longer
// refuses the stage's looks.
func (s Stage) Except() string {
	return `"ArnNotEquals": {"aws:PrincipalArn": "` + s.Role() + `"}`
}
