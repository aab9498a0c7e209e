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
}

// free are the calls that need no permission, and why.
var free = map[string]string{
	"GetCallerIdentity": "everybody may ask who they are",
	"HeadBucket":        "of a report's bucket, S3 tells the region to whom it refuses all else",
}

// Hold fails where a call of a side is not allowed by its policy, or the policy allows
// what no call needs. Unseen are actions that the calls can't show, with the reason.
func Hold(t testing.TB, o policy.Options, made []Made, unseen map[string]string) {
	t.Helper()
	require.NotEmpty(t, made)
	document, err := policy.For(o)
	require.NoError(t, err)
	used := map[string]bool{}
	for _, m := range made {
		known := false
		for _, c := range o.Calls(o.Side) {
			if c.Operation != m.Operation {
				continue
			}
			known = true
			assert.True(t, len(c.Actions) > 0 || free[m.Operation] != "", "%s needs a permission", m.Operation)
			for _, action := range c.Actions {
				sid := allowing(document, action, m.Resource)
				assert.NotEmpty(t, sid, "%s on %s needs %s, which is not allowed", m.Operation, m.Resource, action)
				used[sid+" "+action] = true
			}
		}
		assert.True(t, known, "%s on %s is made, and the policy knows no such call: add it to calls.go", m.Operation, m.Resource)
	}
	for _, s := range document.Statement {
		for _, action := range s.Action {
			why := unseen[action]
			assert.NotEqual(t, used[s.Sid+" "+action], why != "", "%s in %s: either a call needs it, or a reason says why none is seen (%s)", action, s.Sid, why)
		}
	}
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
