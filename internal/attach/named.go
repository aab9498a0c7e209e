package attach

import (
	"slices"
	"strings"

	"autobackup/internal/text"
)

// Lack is a name that a list in the stack's parameters lacks.
type Lack struct {
	Parameter string `json:"parameter"`
	Name      string `json:"name"`
}

// LookUp notes which replicas and keys the primary stack's parameters do not name: its
// roles are given no permission for others. What the stage makes itself needs no name.
func (b *Bucket) LookUp(s Stage, parameters map[string]string) {
	if b.OfCategory(s) {
		return
	}
	b.lack("BucketKeyArns", &b.Side, parameters, named(b.Key))
	for i := range b.Replicas {
		r := &b.Replicas[i]
		if !slices.Contains(ListOf(parameters, "ReplicaBuckets"), r.Bucket) {
			r.Unnamed = append(r.Unnamed, Lack{"ReplicaBuckets", r.Bucket})
		}
		b.lack("ReplicaKeyArns", r, parameters, append(named(r.Key), named(b.replicaKeys(r.Bucket)...)...))
	}
}

// named are the keys that are told by their ARN: of others it is not known which they are.
func named(keys ...string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !keyARN.MatchString(key) })
}

// ListOf is what a list and those that go on with it have.
func ListOf(parameters map[string]string, name string) (all []string) {
	for _, more := range []string{"", "2", "3", "4"} {
		all = append(all, strings.Split(parameters[name+more], ",")...)
	}
	return all
}

func (b *Bucket) lack(parameter string, side *Side, parameters map[string]string, keys []string) {
	listed := ListOf(parameters, parameter)
	for _, key := range keys {
		wide := keyARN.FindStringSubmatch(key)[1] + "*"
		lacks := Lack{parameter, key}
		if !slices.Contains(listed, key) && !slices.Contains(listed, wide) && !slices.Contains(side.Unnamed, lacks) {
			side.Unnamed = append(side.Unnamed, lacks)
		}
	}
}

// unnamed is what the parameters lack and nothing else may stand in for, in a sentence. In the
// stage's own account the policy of a bucket or of a key is enough by itself; of those of keys
// it is not known.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (b *Bucket) unnamed(s Stage) string {
	var all []string
	for _, side := range b.sides() {
		for _, l := range side.Unnamed {
			if l.Parameter == "ReplicaBuckets" && s.admits(b, side) || l.Parameter != "ReplicaBuckets" && strings.Contains(l.Name, ":"+s.Account+":") {
				continue
			}
			all = add(all, text.Line(l.Name, 200)+" in "+l.Parameter)
		}
	}
	return strings.Join(all, ", ")
}

// admits says whether the policy of a replica in the stage's own account may let the stage's
// role look without a permission of the role's own.
func (s Stage) admits(b *Bucket, side *Side) bool {
	if side.Account != s.Account || !side.Known(Policy) {
		return side.Account == s.Account
	}
	shared, err := s.looker().share(side.Bucket, side.Policy, b.needs(false))
	must, _, _ := parts(shared.lacking)
	return err != nil || len(must) == 0
}

// lacks says whether the parameters lack a name for a side.
func (s *Side) lacks(name string) bool {
	return slices.ContainsFunc(s.Unnamed, func(l Lack) bool { return l.Name == name })
}
