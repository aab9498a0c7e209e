package discover

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// whole is a bucket that replicates every key and is validated.
func whole(edits ...func(*Bucket)) Bucket {
	b := Bucket{
		Account: "111122223333", Name: "documents", Region: "eu-central-1", Versioning: "Enabled", EventBridge: true,
		Rules:    []Rule{{ID: "all", To: "documents-replica", Every: true, Metrics: true}},
		Triggers: []string{"autobackup-s3-upload-trigger-prod"}, Lock: "no", Unread: []Unread{},
	}
	for _, edit := range edits {
		edit(&b)
	}
	return b
}

func without(b *Bucket)     { b.Rules = []Rule{} }
func suspended(b *Bucket)   { b.Versioning = "Suspended" }
func unversioned(b *Bucket) { b.Versioning = "never" }
func unvalidated(b *Bucket) { b.Triggers = []string{} }
func silent(b *Bucket)      { b.EventBridge = false }
func part(b *Bucket)        { b.Rules[0].Every = false }
func named(name string) func(*Bucket) {
	return func(b *Bucket) { b.Name = name }
}
func unreadable(f Fact) func(*Bucket) {
	return func(b *Bucket) {
		b.Unread = append(b.Unread, Unread{Fact: f, Why: "it answered 403 AccessDenied", Grant: "s3:Get" + string(f)})
	}
}

func TestABucketIsInTheStateThatItsFactsShow(t *testing.T) {
	for name, tt := range map[string]struct {
		bucket Bucket
		state  State
		next   string
	}{
		"rules for every key and a trigger are all it takes":        {whole(), Covered, ""},
		"without a rule nothing is replicated":                      {whole(without), Without, "docs/discover.md#not-replicated"},
		"without versioning rules do nothing":                       {whole(unversioned), Without, "docs/discover.md#not-replicated"},
		"suspended versioning goes before all else":                 {whole(suspended, without), Suspended, "docs/discover.md#versioning-suspended"},
		"without a trigger nothing is validated":                    {whole(unvalidated), Unchecked, "autobackup attach s3://documents --region eu-central-1"},
		"without EventBridge the trigger gets no event":             {whole(silent), Unchecked, "autobackup attach s3://documents --region eu-central-1"},
		"a rule with a prefix covers a part":                        {whole(part), Part, "autobackup audit s3://documents"},
		"a part is no more than that when validation is unknown":    {whole(part, unreadable(EventBridge)), Part, "autobackup audit s3://documents"},
		"a part that nobody validates":                              {whole(part, unvalidated), Part, "autobackup attach s3://documents --region eu-central-1"},
		"rules that can't be read may be there or not":              {whole(without, unreadable(Replication)), Unknown, "grant s3:Getreplication"},
		"versioning that can't be read may be suspended":            {whole(unreadable(Versioning)), Unknown, "grant s3:Getversioning"},
		"suspended versioning is certain whatever the rules":        {whole(suspended, unreadable(Replication)), Suspended, "docs/discover.md#versioning-suspended"},
		"triggers that can't be read may be there or not":           {whole(unvalidated, unreadable(Trigger)), Unknown, "grant s3:Gettrigger"},
		"EventBridge that can't be read may be on or off":           {whole(silent, unreadable(EventBridge)), Unknown, "grant s3:GetEventBridge"},
		"EventBridge that is off needs no trigger to be known":      {whole(silent, unvalidated, unreadable(Trigger)), Unchecked, "autobackup attach s3://documents --region eu-central-1"},
		"a trigger that is not there needs no EventBridge":          {whole(unvalidated, unreadable(EventBridge)), Unchecked, "autobackup attach s3://documents --region eu-central-1"},
		"Object Lock that can't be read changes nothing":            {whole(unreadable(Lock)), Covered, ""},
		"a bucket's own name in its rule makes it no replica":       {whole(named("documents-replica"), without), Without, "docs/discover.md#not-replicated"},
		"a name that a shell would take for more is in no command":  {whole(unvalidated, named("a;rm -rf")), Unchecked, "docs/discover.md#names"},
		"a failure that no permission mends is told by the page":    {whole(func(b *Bucket) { b.Unread = []Unread{{Fact: Replication}} }), Unknown, "docs/discover.md#unknown"},
		"two rules of which one covers every key cover every key":   {whole(func(b *Bucket) { b.Rules = append(b.Rules, Rule{To: "other"}) }), Covered, ""},
		"a region that is no region's name is in no command":        {whole(unvalidated, func(b *Bucket) { b.Region = "eu;rm -rf" }), Unchecked, "autobackup attach s3://documents"},
		"a name that a command would take for an option is in none": {whole(unvalidated, named("-rf")), Unchecked, "docs/discover.md#names"},
	} {
		t.Run(name, func(t *testing.T) {
			rows := judge([]Bucket{tt.bucket})
			assert.Equal(t, tt.state, rows[0].State)
			assert.Equal(t, tt.next, rows[0].Next)
		})
	}
}

func TestADestinationIsAReplicaAndNoBlindSpot(t *testing.T) {
	source, replica := whole(), whole(named("documents-replica"), without, silent, unvalidated)
	rows := judge([]Bucket{replica, source})
	assert.Equal(t, []State{Replica, Covered}, []State{rows[0].State, rows[1].State})
	assert.Equal(t, []string{"documents"}, rows[0].Of)
	assert.Equal(t, Coverage{Buckets: 2, Replicas: 1, Replicate: 1, Validated: 1, ReplicatePercent: 100, ValidatedPercent: 100}, count(rows))

	suspended(&replica)
	assert.Equal(t, Suspended, judge([]Bucket{source, replica})[0].State, "S3 replicates into no suspended bucket")

	back := whole(named("documents-replica"), unvalidated, func(b *Bucket) { b.Rules[0].To = "documents" })
	rows = judge([]Bucket{source, back})
	assert.Equal(t, []State{Unchecked, Covered}, []State{rows[0].State, rows[1].State}, "what replicates back is to be validated, too")
}

// drawn is any bucket.
func drawn(t *rapid.T, i int) Bucket {
	b := whole(named(fmt.Sprint("bucket-", i)))
	b.Versioning = rapid.SampledFrom([]string{"Enabled", "Suspended", "never"}).Draw(t, "versioning")
	b.EventBridge = rapid.Bool().Draw(t, "EventBridge")
	b.Rules = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Rule {
		return Rule{To: fmt.Sprint("bucket-", rapid.IntRange(0, 9).Draw(t, "to")), Every: rapid.Bool().Draw(t, "every")}
	}), 0, 2).Draw(t, "rules")
	if rapid.Bool().Draw(t, "no trigger") {
		b.Triggers = []string{}
	}
	for _, f := range []Fact{Versioning, Replication, EventBridge, Trigger, Lock} {
		if rapid.IntRange(0, 4).Draw(t, string(f)) == 0 {
			b.Unread = append(b.Unread, Unread{Fact: f})
		}
	}
	return b
}

func TestCountsAddUpAndNothingUnknownIsFine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var buckets []Bucket
		for i := range rapid.IntRange(0, 10).Draw(t, "buckets") {
			buckets = append(buckets, drawn(t, i))
		}
		r := report("", Facts{Buckets: buckets})
		c := r.Coverage
		assert.Equal(t, len(buckets), c.Buckets)
		assert.Equal(t, c.Buckets, c.Replicas+c.Replicate+c.InPart+c.Not+c.Unknown)
		assert.LessOrEqual(t, c.Validated, c.Replicate)
		assert.Equal(t, c.Buckets, r.blind()+c.Replicas+c.Validated)
		assert.Equal(t, c.of() > 0 && c.Validated == c.of(), c.ValidatedPercent == 100, "only all is 100 per cent")
		assert.Equal(t, r.blind() > 0, r.Exit == 1)
		replicate := 0
		for _, row := range r.Buckets {
			if len(row.Rules) > 0 && row.every() && row.Versioning == "Enabled" && !row.unknown(Versioning) && !row.unknown(Replication) {
				replicate++
			}
			if !row.State.Blind() {
				assert.False(t, row.unknown(Versioning) || row.unknown(Replication), row)
			}
			if row.State == Covered {
				assert.False(t, row.unknown(EventBridge) || row.unknown(Trigger), row)
			}
			assert.Equal(t, row.State.Blind(), row.Next != "", "every blind spot has a next step, and nothing else has")
		}
		assert.Equal(t, replicate, c.Replicate, "only what is known to replicate every key counts")
		assert.True(t, slices.IsSortedFunc(r.Buckets, func(a, b Row) int { return slices.Index(states, a.State) - slices.Index(states, b.State) }))
	})
}

func TestATriggerTakesABucketByNameOrPrefixWithAllOfItsKeys(t *testing.T) {
	for name, tt := range map[string]struct {
		pattern string
		want    bool
	}{
		"template.yaml's": {`{"source":["aws.s3"],"detail-type":["Object Created","Object Deleted"],"detail":{"bucket":{"name":[{"prefix":"doc"}]},
			"deletion-type":["Delete Marker Created",{"exists":false}]}}`, true},
		"a list of names":                 {`{"source":["aws.s3"],"detail":{"bucket":{"name":["media","documents"]}}}`, true},
		"another name":                    {`{"source":["aws.s3"],"detail":{"bucket":{"name":["documents-2"]}}}`, false},
		"another prefix":                  {`{"detail":{"bucket":{"name":[{"prefix":"autobackup-"}]}}}`, false},
		"deletions only":                  {`{"detail-type":["Object Deleted"],"detail":{"bucket":{"name":["documents"]}}}`, false},
		"keys with a prefix only":         {`{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"prefix":"a/"}]}}}`, true},
		"keys with one of two prefixes":   {`{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"prefix":"in/"},{"prefix":"out/"}]}}}`, true},
		"keys with a prefix, and others":  {`{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"prefix":"in/"},{"anything-but":{"prefix":"tmp/"}}]}}}`, false},
		"small ones of a prefix":          {`{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"prefix":"in/"}],"size":[{"numeric":["<",10]}]}}}`, false},
		"keys without a suffix":           {`{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"suffix":".pdf"}]}}}`, false},
		"objects above a size":            {`{"detail":{"bucket":{"name":["documents"]},"object":{"size":[{"numeric":[">",10]}]}}}`, false},
		"objects below a size":            {`{"detail":{"bucket":{"name":["documents"]},"object":{"size":[{"numeric":["<",10]}]}}}`, false},
		"uploads of one kind of request":  {`{"detail":{"bucket":{"name":["documents"]},"reason":["CopyObject"]}}`, false},
		"keys but with some endings":      {`{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"anything-but":{"suffix":".tmp"}}]}}}`, false},
		"keys but some":                   {`{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"anything-but":["a"]}]}}}`, false},
		"keys but with some beginnings":   {`{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"anything-but":{"prefix":["tmp/","x"]}}]}}}`, true},
		"every bucket, by source alone":   {`{"source":["aws.s3"]}`, true},
		"the events of another program":   {`{"source":["aws.ec2"]}`, false},
		"this account's and no other's":   {`{"source":["aws.s3"],"account":["111122223333"]}`, true},
		"another account's":               {`{"source":["aws.s3"],"account":["444455556666"]}`, false},
		"a bucket's ARN in the resources": {`{"resources":["arn:aws:s3:::documents"]}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			trigger, err := parse("autobackup-s3-upload-trigger-dev", tt.pattern)
			assert.NoError(t, err)
			assert.Equal(t, tt.want, trigger.Takes("111122223333", "eu-central-1", "documents"))
		})
	}
	_, err := parse("autobackup-s3-upload-trigger-dev", `{"source":[{"cidr":"10.0.0.0/24"}]}`)
	assert.ErrorContains(t, err, "read the pattern of rule autobackup-s3-upload-trigger-dev: ")
}

func TestKeysThatEachRuleLeavesOutAreNotValidated(t *testing.T) {
	rule := func(prefixes string) UploadRule {
		trigger, err := parse("autobackup-s3-upload-trigger-dev", `{"detail":{"bucket":{"name":["documents"]},"object":{"key":[{"anything-but":{"prefix":`+prefixes+`}}]}}}`)
		require.NoError(t, err)
		return trigger
	}
	all, err := parse("autobackup-s3-upload-trigger-dev", `{"detail":{"bucket":{"name":["documents"]}}}`)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		rules []UploadRule
		want  []string
		state State
	}{
		"one rule":                          {[]UploadRule{rule(`["tmp/","x"]`)}, []string{"tmp/", "x"}, Unchecked},
		"one beginning":                     {[]UploadRule{rule(`"tmp/"`)}, []string{"tmp/"}, Unchecked},
		"another rule takes all":            {[]UploadRule{rule(`["tmp/"]`), all}, nil, Covered},
		"a rule that takes all comes first": {[]UploadRule{all, rule(`["tmp/"]`)}, nil, Covered},
		"each takes what the other doesn't": {[]UploadRule{rule(`["a"]`), rule(`["b"]`)}, nil, Covered},
		"one takes less":                    {[]UploadRule{rule(`["tmp/"]`), rule(`["tmp/a/"]`)}, []string{"tmp/a/"}, Unchecked},
	} {
		b := whole(func(b *Bucket) { b.Triggers = []string{} })
		b.match(tt.rules, nil)
		assert.Equal(t, tt.want, b.LeftOut, name)
		rows := judge([]Bucket{b})
		assert.Equal(t, tt.state, rows[0].State, name)
		assert.Equal(t, tt.state == Covered, rows[0].Next == "", name)
		if tt.state == Unchecked {
			assert.Equal(t, "docs/discover.md#keys-that-are-left-out", rows[0].Next, name)
			assert.Contains(t, rows[0].cells(), "but "+strings.Join(tt.want, ", "), name)
			assert.Zero(t, count(rows).Validated, name)
		}
	}
}

func TestARuleMayTakeABucketsEventsUnlessItsPatternSaysOtherwise(t *testing.T) {
	for pattern, want := range map[string]bool{
		`{"source": ["aws.s3"]}`: true, `{"source": ["aws.ec2"]}`: false, `{"source": [{"prefix": "aws."}]}`: true,
		`{"account": ["444455556666"]}`: false, `{"region": ["eu-west-1"]}`: false,
		`{"detail": {"bucket": {"name": ["documents"]}, "object": {"key": ["k"]}}}`: true, `{"detail": {"bucket": {"name": ["others"]}}}`: false,
		`{"detail-type": ["Object Created"]}`: true, `{"source": [{"new-operator": "x"}]}`: true, `no JSON`: true, ``: false,
	} {
		assert.Equal(t, want, MayTake(pattern, "111122223333", "eu-central-1", "documents"), pattern)
	}
}

func TestKeysThatNoRuleNamesAreNotValidated(t *testing.T) {
	rule := func(conditions string) UploadRule {
		trigger, err := parse("autobackup-s3-upload-trigger-dev", `{"detail":{"bucket":{"name":["documents"]},"object":{"key":[`+conditions+`]}}}`)
		require.NoError(t, err)
		return trigger
	}
	all, err := parse("autobackup-s3-upload-trigger-dev", `{"detail":{"bucket":{"name":["documents"]}}}`)
	require.NoError(t, err)
	in, out, but := rule(`{"prefix":"in/"}`), rule(`{"prefix":"out/"}`), rule(`{"anything-but":{"prefix":["tmp/"]}}`)
	for name, tt := range map[string]struct {
		rules     []UploadRule
		only, but []string
		state     State
	}{
		"one rule":                          {[]UploadRule{rule(`{"prefix":"in/"},{"prefix":"out/"}`)}, []string{"in/", "out/"}, nil, Unchecked},
		"two rules":                         {[]UploadRule{in, out}, []string{"in/", "out/"}, nil, Unchecked},
		"another rule takes all":            {[]UploadRule{in, all}, nil, nil, Covered},
		"a rule that takes all comes first": {[]UploadRule{all, in}, nil, nil, Covered},
		"another leaves some out":           {[]UploadRule{in, but}, nil, []string{"tmp/"}, Unchecked},
		"one that leaves some out is first": {[]UploadRule{but, in}, nil, []string{"tmp/"}, Unchecked},
	} {
		b := whole(func(b *Bucket) { b.Triggers = []string{} })
		b.match(tt.rules, nil)
		assert.Equal(t, tt.only, b.Only, name)
		assert.Equal(t, tt.but, b.LeftOut, name)
		rows := judge([]Bucket{b})
		assert.Equal(t, tt.state, rows[0].State, name)
		if tt.only != nil {
			assert.Equal(t, "docs/discover.md#keys-that-are-left-out", rows[0].Next, name)
			assert.Contains(t, rows[0].cells(), "only "+strings.Join(tt.only, ", "), name)
		}
	}
}
