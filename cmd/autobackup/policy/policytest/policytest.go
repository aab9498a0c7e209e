// Package policytest holds policies against calls that were made.
package policytest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
)

// Made is a call that a command made.
type Made struct {
	Operation string
	Resource  string // ARN
	Current   bool   // it names an object and no version
}

// otherwise are the actions of operations that have not an action of their own name, for
// calls that name a version.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
var otherwise = map[string][]string{
	"HeadBucket":                      {"ListBucket"},
	"ListObjectVersions":              {"ListBucketVersions"},
	"GetBucketEncryption":             {"GetEncryptionConfiguration"},
	"GetBucketReplication":            {"GetReplicationConfiguration"},
	"GetBucketLifecycleConfiguration": {"GetLifecycleConfiguration"},
	"HeadObject":                      {"GetObjectVersion"},
	"GetObject":                       {"GetObjectVersion"},
	"GetObjectAttributes":             {"GetObjectVersion", "GetObjectVersionAttributes"},
	"GetObjectTagging":                {"GetObjectVersionTagging"},
	"SendMessageBatch":                {"SendMessage"},
	"DeleteMessageBatch":              {"DeleteMessage"},
	"ListObjectsV2":                   {"ListBucket"},
}

// needs are the actions that a call needs, by AWS's pages and not by the policy's code.
func needs(m Made, s policy.Side) (all []string) {
	if s == policy.Report && m.Operation == "HeadBucket" {
		return nil // S3 tells the region to whom it refuses all else
	}
	names := otherwise[m.Operation]
	if names == nil || m.Current {
		names = []string{m.Operation}
	}
	service := strings.Split(m.Resource, ":")[2]
	for _, name := range names {
		all = append(all, service+":"+name)
	}
	return all
}

// Hold fails where a call of a side is not allowed by its policy, or the policy allows
// what no call needs. Unseen are actions that the calls can't show, with the reason.
func Hold(t testing.TB, o policy.Options, made []Made, unseen map[string]string) {
	t.Helper()
	document, used := Allow(t, o, made)
	for _, s := range document.Statement {
		for _, action := range s.Action {
			why := unseen[action]
			assert.NotEqual(t, used[s.Sid+" "+action], why != "", "%s in %s: either a call needs it, or a reason says why none is seen (%s)", action, s.Sid, why)
		}
	}
}

// Allow fails where a call of a side is not allowed by its policy. It answers the policy, and
// which actions of its statements the calls need.
func Allow(t testing.TB, o policy.Options, made []Made) (document policy.Document, used map[string]bool) {
	t.Helper()
	require.NotEmpty(t, made)
	document, err := policy.For(o)
	require.NoError(t, err)
	used = map[string]bool{}
	for _, m := range made {
		known := slices.ContainsFunc(o.Calls(o.Side), func(c policy.Call) bool { return c.Operation == m.Operation })
		assert.True(t, known, "%s on %s is made, and the policy knows no such call: add it to calls.go", m.Operation, m.Resource)
		for _, action := range needs(m, o.Side) {
			sid := allowing(document, action, m.Resource)
			assert.NotEmpty(t, sid, "%s on %s needs %s, which is not allowed", m.Operation, m.Resource, action)
			used[sid+" "+action] = true
		}
	}
	return document, used
}

// allowing is the statement that allows an action on a resource.
func allowing(d policy.Document, action, resource string) string {
	for _, s := range d.Statement {
		if slices.Contains(s.Action, action) && slices.ContainsFunc(s.Resource, func(pattern string) bool { return covers(pattern, resource) }) {
			return s.Sid
		}
	}
	return ""
}

func covers(pattern, resource string) bool {
	expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
	return regexp.MustCompile(`^(?s:` + expression + `)$`).MatchString(resource)
}
