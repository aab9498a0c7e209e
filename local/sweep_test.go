package local_test

import (
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/iam"
)

// recorded is a call that was decided, and that must be decided so.
type recorded struct {
	gate.Call
	allowed bool
	beside  bool // whether the primary's account allows its roles everything
}

// recording is all that was deployed and decided in one configuration: what everything
// that the stack does takes, what AWS asks for beside, and what nobody must succeed with.
type recording struct {
	gate      *gate.Gate
	generous  *gate.Gate // with roles of the primary's account that may do everything, as far as it decides
	documents []iam.Document
	calls     map[string]recorded
}

func (r *recording) add(c gate.Call, allowed bool) {
	name := fmt.Sprint(c.By.Role, c.By.Service, c.Action, c.Resource, c.Context, allowed)
	if c.By.Role == "" {
		name += c.By.ARN
	}
	r.calls[name] = recorded{c, allowed, false}
}

// decides says whether a call is decided as it must be, with a document changed.
func (r *recording) decides(c recorded, d iam.Document) bool {
	g := r.gate
	if c.beside {
		g = r.generous
	}
	return g.Changed(d).Decision(c.Call).Allowed == c.allowed
}

// record runs everything once, and every attempt.
func record(t *testing.T, changes []change) *recording {
	t.Helper()
	r := &recording{calls: map[string]recorded{}}
	var mu sync.Mutex
	prepare = func(g *gate.Gate) {
		g.Deployed = func(d *iam.Document) {
			if d.Name != boundary && d.Statements[0].Sid != testsOwn { // which no template has
				r.documents = append(r.documents, *d)
			}
		}
		g.Saw = func(c gate.Call, d iam.Decision) {
			mu.Lock()
			defer mu.Unlock()
			if d.Allowed {
				r.add(c, true)
			}
		}
	}
	defer func() { prepare = nil }()
	inWorld(t, func(w *world) {
		w.everything()
		mu.Lock()
		for _, c := range slices.Collect(maps.Values(r.calls)) {
			for _, category := range []string{"media", "databases"} {
				r.add(alike(c.Call, category), true)
			}
		}
		mu.Unlock()
		for _, c := range slices.Concat(byRoles(true), byServices(true), byTrust(true), byPipeline(true), byOwner(w.Gate, true)) {
			if c = r.at(c); known(w.Gate, c) {
				r.add(c, true)
			}
		}
		for _, c := range slices.Concat(byRoles(false), byServices(false), byStrangers(), byTrust(false), byContext(), byPipeline(false), byOwner(w.Gate, false)) {
			r.add(r.at(c), false)
		}
		w.Gate.Deployed = nil
		foreignKey(t, w.Gate)
		makeTheirs(t, w.Gate)
		var last gate.Call
		w.Gate.Saw = func(c gate.Call, _ iam.Decision) { last = c }
		for _, a := range attempts() {
			_ = a.try(w.Gate) // what is decided is held below
			r.add(r.at(last), false)
		}
		w.Gate.Saw = nil
		r.gate, r.generous = w.Gate, w.Gate
	}, changes...)
	for _, c := range byPrimarysAccount() {
		if c = r.at(c); strings.Contains(c.Resource, otherAccount) {
			r.calls[fmt.Sprint("beside ", c)] = recorded{Call: c, beside: true}
		}
	}
	for _, d := range r.documents {
		if d.Kind == iam.Identity {
			d.Statements = []iam.Statement{{Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{"*"}}}
			r.generous = r.generous.Changed(d)
		}
	}
	for _, c := range r.calls {
		assert.True(t, r.decides(c, iam.Document{}), "%s %s on %s with %v", c.By, c.Action, c.Resource, c.Context)
	}
	return r
}

// recordMade runs everything once, with attached buckets, and adds what EventBridge does only with
// what the validation queue refuses.
func recordMade(t *testing.T, changes []change) *recording {
	t.Helper()
	r := &recording{calls: map[string]recorded{}}
	var mu sync.Mutex
	prepare = func(g *gate.Gate) {
		r.gate = g
		g.Deployed = func(d *iam.Document) { r.documents = append(r.documents, *d) }
		g.Saw = func(c gate.Call, d iam.Decision) {
			mu.Lock()
			defer mu.Unlock()
			r.add(c, d.Allowed)
		}
	}
	defer func() { prepare = nil }()
	inWorld(t, func(w *world) { w.everything() }, changes...)
	events := service{name: "events"}
	r.add(events.call("sqs:SendMessage", queues[2], arnOf("events", "rule/autobackup-s3-upload-trigger-Buckets-dev"), account, "true"), true)
	return r
}

// at is a call in this configuration, where the replicas may be in another account: of that
// are the buckets, the key, the function and its role then, and who owns and deploys them.
func (r *recording) at(c gate.Call) gate.Call {
	if !slices.ContainsFunc(r.documents, func(d iam.Document) bool { return strings.HasSuffix(d.Name, "replica-documents-"+otherAccount) }) {
		return c
	}
	as := func(s string) string {
		if strings.Contains(s, "-dev-replica-") || strings.Contains(s, "autobackup-replica-dev-") || strings.Contains(s, ":"+secondRegion+":") {
			return strings.ReplaceAll(s, account, otherAccount)
		}
		return s
	}
	c.By.ARN, c.By.Role, c.Resource = as(c.By.ARN), as(c.By.Role), as(c.Resource)
	owns := strings.HasSuffix(c.By.ARN, account+":root") || strings.Contains(c.By.ARN, "/github-autobackup-dev-cloudformation")
	if owns && strings.Contains(c.Resource, otherAccount) {
		c.By.ARN, c.By.Role = strings.Replace(c.By.ARN, account, otherAccount, 1), strings.Replace(c.By.Role, account, otherAccount, 1)
	}
	return c
}

// alike is a call as it would be for another category than documents, whose role and
// buckets are the same otherwise.
func alike(c gate.Call, category string) gate.Call {
	as := strings.NewReplacer("-documents", "-"+category).Replace
	c.By.ARN, c.By.Role, c.Resource = as(c.By.ARN), as(c.By.Role), as(c.Resource)
	context := map[string][]string{}
	for key, values := range c.Context {
		for _, v := range values {
			context[key] = append(context[key], as(v))
		}
	}
	c.Context = context
	return c
}

// known says whether a call is about what is deployed in this configuration.
func known(g *gate.Gate, c gate.Call) bool {
	return !strings.HasPrefix(c.Action, "kms:") || g.Knows(c.Resource)
}

// concerns says whether a call may be decided by a document.
func concerns(d iam.Document, c gate.Call) bool {
	switch d.Kind {
	case iam.Trust:
		return c.Action == "sts:AssumeRole" && strings.HasSuffix(c.Resource, "/"+d.Name)
	case iam.Identity:
		role, _, _ := strings.Cut(d.Name, "/")
		return strings.HasSuffix(c.By.Role, "/"+role)
	}
	return c.Resource == d.Name || strings.HasPrefix(c.Resource, d.Name+"/")
}

// try adds what comes of every mutant that was not noticed before: whether it survives, which
// is to decide everything as the policies do that it is made of.
func (r *recording) try(t *testing.T, survived map[string]bool) (tried int) {
	t.Helper()
	named := map[string]bool{}
	for _, d := range r.documents {
		var calls []recorded
		for _, c := range r.calls {
			if concerns(d, c.Call) && (d.Kind != iam.Identity || !c.beside) {
				calls = append(calls, c)
			}
		}
		for _, m := range mutants(d, r.resources()) {
			tried++
			require.False(t, named[m.what], "two mutants are called %s", m.what)
			named[m.what] = true
			what := strings.ReplaceAll(m.what, otherAccount, account) // the same, wherever the replicas are
			if !*everyPart && !oneOf(32, what) {
				continue
			}
			if unnoticed, known := survived[what]; known && !unnoticed {
				continue
			}
			survived[what] = !r.notices(calls, m.Document)
		}
	}
	return tried
}

// notices says whether one of the calls is decided otherwise with a document changed. The call
// comes first then: it may notice the next change, too.
func (r *recording) notices(calls []recorded, d iam.Document) bool {
	changed, beside := r.gate.Changed(d), sync.OnceValue(func() *gate.Gate { return r.generous.Changed(d) })
	i := slices.IndexFunc(calls, func(c recorded) bool {
		g := changed
		if c.beside {
			g = beside()
		}
		return g.Decision(c.Call).Allowed != c.allowed
	})
	if i > 0 {
		calls[0], calls[i] = calls[i], calls[0]
	}
	return i >= 0
}

// resources are all that the policies name.
func (r *recording) resources() []string {
	all := map[string]bool{}
	for _, d := range r.documents {
		for _, s := range d.Statements {
			for _, resource := range s.Resources {
				all[resource] = true
			}
		}
	}
	delete(all, "*")
	return slices.Sorted(maps.Keys(all))
}

// alikes are mutants that nobody could notice, each kind with its reason.
var alikes = map[string]string{
	`Arn(Like|Equals) of \S+: (String|Arn)(Like|Equals)$`:                         "differs in ARNs with wildcards before the sixth part alone, and no policy here has any",
	`StringEquals of aws:SourceAccount: StringLike$`:                              "an account has no wildcards",
	`events:source: (StringLike|StringEqualsIfExists|ForAllValues:StringEquals)$`: "a source has no wildcards, and every event has one",
	`: ForAnyValue:\w+$`: "each key here has one value at most, and without it neither holds",
	`aws:SecureTransport: (BoolIfExists|ForAllValues:Bool)$`: "every request has the key",
	`^arn:aws:(s3|sqs|sns|lambda):.*(TLSOnly|EventBridge|Notifications|Alarms|Replicas|Replication|PlantLosses|Permission): \S+ is (\*|arn:aws:s3:::autobackup-dev-(primary|replica)-\*(/\*)?)$`: "the policy hangs on that resource alone",
	`^arn:aws:s3:.*TLSOnly: the principal \* is \d+$`:                                                                     "nobody of another account is let in at all",
	`-dlq-dev, TLSOnly: the principal \* is \d+$`:                                                                         "nobody of another account is let in at all",
	`(EventBridge|Notifications|Alarms|HeartbeatPermission|sts:AssumeRole): the principal \d+, too$`:                      "the account's own policies decide anyway, or aws:SourceAccount is asked for, which services alone bring",
	`replica-\S+, \w+: Arn\w+ of aws:PrincipalArn: (Arn\w+IfExists|ForAllValues:Arn\w+|\S+ is arn:aws:iam::\*:role/\S+)$`: "who is of the account that is let in has the key, and nobody else is let in",
	`replica-\S+, (\w+Replicas|Replication|PlantLosses): the principal \S+(, too| is \*)$`:                                "the condition names one role",
	`HashBytesPermission: the principal \S+HashBytesRole, too$`:                                                           "the account of the role is let in as a whole",
	`s3:ObjectOwnerOverrideToBucketOwner is s3:\*$`:                                                                       "the replicas' account lets in no other action, and where it is the same the action is not granted",
	`autobackup-chat-topic-dev, TLSOnly: the principal \* is \d+$`:                                                        "nobody of another account is let in at all",
	`TLSOnly: sns:Publish is sns:\*$`:                                                                                     "a denial of more: SNS takes no such policy",
	`sts:AssumeRole is sts:\*$`:                                                                                           "these services ask for nothing else of STS",
	`GetObjectVersion on \S+: \S+-\*/\* is \S+-\*$`:                                                                       "the actions are of objects, whose ARNs the pattern of buckets matches, too",
}

// everyPart is whether every part is changed, and not only one of 32:
//
//	go test ./local -run TestEveryPartOfEveryPolicy -every-part -v
var everyPart = flag.Bool("every-part", false, "change every part of every policy of the templates")

func TestEveryPartOfEveryPolicyIsNoticedWhenItIsRemovedOrTurned(t *testing.T) {
	survived := map[string]bool{}
	for _, name := range inOrder {
		if name == "attached" || name == "a topic that was there" {
			continue // the calls are about the stacks' own names: docs/decisions/0054
		}
		r := record(t, configurations[name])
		t.Logf("%s: %d mutants, each before %d calls", name, r.try(t, survived), len(r.calls))
	}
	var survivors []string
	used := map[string]bool{}
	for what, unnoticed := range survived {
		known := !unnoticed
		for form := range alikes {
			if unnoticed && regexp.MustCompile(form).MatchString(what) {
				known, used[form] = true, true
			}
		}
		if !known {
			survivors = append(survivors, what)
		}
	}
	slices.Sort(survivors)
	assert.Empty(t, strings.Join(survivors, "\n"), "of %d mutants", len(survived))
	for form := range alikes {
		assert.True(t, used[form] || !*everyPart, "no mutant is as %s says", form)
	}
}
