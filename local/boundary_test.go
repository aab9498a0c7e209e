package local_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/local/gate"
	"autobackup/local/iam"
)

// The printed boundary is held against the templates' policies in local/iam. Here it is held
// against what the roles really do: whatever a role is allowed, the boundary allows, too.
func TestBothStacksWorkUnderTheBoundaryThatIsPrinted(t *testing.T) {
	for name, o := range map[string]policy.Options{
		"SSE-S3": {}, "SSE-KMS": {},
		"another account":             {ReplicaAccount: otherAccount, ReplicaKeys: []string{replicaKeyOf(otherAccount)}},
		"an own key for environments": {Keys: []string{environmentKey}},
	} {
		t.Run(name, func(t *testing.T) {
			boundaries := map[string]iam.Document{} // by account: each has its own
			for _, of := range []string{account, otherAccount} {
				bounds := o
				bounds.Command, bounds.Account = policy.Boundary, of
				if of == o.ReplicaAccount { // there no other account is named
					bounds.ReplicaAccount = ""
				}
				boundary, err := iam.Parse([]byte(printed(bounds)), iam.Identity)
				require.NoError(t, err)
				boundaries[of] = boundary
			}
			var mu sync.Mutex
			made := map[string]gate.Call{}
			prepare = func(g *gate.Gate) {
				g.Saw = func(c gate.Call, d iam.Decision) {
					mu.Lock()
					defer mu.Unlock()
					if c.By.Role != "" && d.Allowed {
						made[c.By.Role+" "+c.Action+" "+c.Resource] = c
					}
				}
			}
			defer func() { prepare = nil }()
			inWorld(t, func(w *world) { w.everything() }, configurations[name]...)
			require.Greater(t, len(made), 50)
			for _, c := range made {
				bounded := iam.Evaluate(iam.Request{Principal: c.By, Action: c.Action, Resource: c.Resource, Context: c.Context},
					iam.Policies{Identity: []iam.Document{boundaries[c.By.Account()]}, ResourceOwner: c.By.Account()})
				assert.True(t, bounded.Allowed, "%s of %s on %s", c.Action, c.By.Role, c.Resource)
			}
		})
	}
}
