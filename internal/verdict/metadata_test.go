package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var shows = verdict.Metadata{Headers: "h", User: "u", Tags: "t", Retention: "r", LegalHold: "ON"}

// with is a side's metadata, changed in one thing.
func with(changes ...func(*verdict.Metadata)) change {
	m := shows
	for _, c := range changes {
		c(&m)
	}
	return func(x *verdict.Side) { x.Metadata = &m }
}

func headers(v string) func(*verdict.Metadata) { return func(m *verdict.Metadata) { m.Headers = v } }
func user(v string) func(*verdict.Metadata)    { return func(m *verdict.Metadata) { m.User = v } }
func tags(v string) func(*verdict.Metadata)    { return func(m *verdict.Metadata) { m.Tags = v } }
func retention(v string) func(*verdict.Metadata) {
	return func(m *verdict.Metadata) { m.Retention = v }
}
func hold(v string) func(*verdict.Metadata) { return func(m *verdict.Metadata) { m.LegalHold = v } }

// differing is late in a long wait, with this many looks in a row that found
// metadata to differ.
func differing(inARow int) verdict.Progress {
	return verdict.Progress{Looks: 40, Differing: inARow, Waited: 2 * deadline}
}

const told = "primary docs-primary (eu-central-1) and replica docs-replica (eu-west-1): " +
	"the content is verified (single-part ETag (MD5)), but metadata differs: "

func TestMetadataIsComparedWhereBothSidesShowIt(t *testing.T) {
	for name, tt := range map[string]struct {
		primary, replica change
		want             string // the groups; empty: no finding
	}{
		"equal":                                     {with(), with(), ""},
		"other headers":                             {with(), with(headers("x")), "headers"},
		"other user metadata":                       {with(), with(user("x")), "user metadata"},
		"other tags":                                {with(), with(tags("x")), "tags"},
		"another retention":                         {with(), with(retention("x")), "retention"},
		"another legal hold":                        {with(), with(hold("OFF")), "legal hold"},
		"all at once":                               {with(), with(headers("x"), user("x"), tags("x"), retention("x"), hold("OFF")), "headers, user metadata, tags, retention, legal hold"},
		"a lock by the replica bucket's default":    {with(retention(""), hold("")), with(), ""},
		"a lock that the replica does not show":     {with(), with(retention(""), hold("")), ""},
		"tags that were not asked for":              {with(tags("")), with(tags("")), ""},
		"a primary looked at by an earlier version": {func(*verdict.Side) {}, with(), ""},
		"a replica looked at by an earlier version": {with(), func(*verdict.Side) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := verdict.Judge(verdict.Event{}, look(primary(tt.primary), replica(tt.replica)), differing(verdict.MetadataLooks), policy)
			assert.Equal(t, verdict.Verified, v.Outcome)
			assert.Equal(t, verdict.SinglePartETag, v.Evidence)
			if tt.want == "" {
				assert.Empty(t, v.Finding)
				assert.NotContains(t, v.Detail, "metadata differs")
				return
			}
			assert.Equal(t, reason.MetadataDiffers, v.Finding)
			assert.Equal(t, told+tt.want, v.Detail)
		})
	}
}

func TestMetadataIsAFailureWhereItIsToBeAlerted(t *testing.T) {
	strict := policy
	strict.AlertMetadata = true
	v := verdict.Judge(verdict.Event{}, look(primary(with()), replica(with(headers("x")))), first, strict)
	assert.Equal(t, verdict.Verdict{Outcome: verdict.Failed, Reason: reason.MetadataDiffers, Detail: told + "headers"}, v)
	v = verdict.Judge(verdict.Event{}, look(primary(with()), replica(with())), first, strict)
	assert.Equal(t, verdict.Verified, v.Outcome)
}

func TestWhatMayChangeIsLookedAtAgainAndWhatMayNotIsFinal(t *testing.T) {
	for name, tt := range map[string]struct {
		replica change
		waits   bool
	}{
		"headers":            {with(headers("x")), false},
		"user metadata":      {with(user("x")), false},
		"tags":               {with(tags("x")), true},
		"retention":          {with(retention("x")), true},
		"legal hold":         {with(hold("OFF")), true},
		"headers and a hold": {with(headers("x"), hold("OFF")), true},
	} {
		t.Run(name, func(t *testing.T) {
			l := look(primary(with()), replica(tt.replica))
			assert.Equal(t, tt.waits, l.MetadataDiffers())
			for _, alert := range []bool{false, true} {
				p := policy
				p.AlertMetadata = alert
				early := verdict.Judge(verdict.Event{}, l, differing(verdict.MetadataLooks-1), p)
				assert.Equal(t, tt.waits, early.Outcome == verdict.Lagging)
				if tt.waits {
					assert.Equal(t, reason.MetadataDiffers, early.Reason)
					assert.Empty(t, early.Finding)
				}
				assert.NotEqual(t, verdict.Lagging, verdict.Judge(verdict.Event{}, l, differing(verdict.MetadataLooks), p).Outcome)
			}
		})
	}
}

func TestTagsThatCouldNotBeReadAreNoDifferenceAndAreTold(t *testing.T) {
	l := look(primary(with()), replica(with(tags(verdict.TagsUnread))))
	assert.False(t, l.MetadataDiffers())
	v := verdict.Judge(verdict.Event{}, l, first, policy)
	assert.Equal(t, verdict.Verified, v.Outcome)
	assert.Empty(t, v.Finding)
	assert.Contains(t, v.Detail, "; tags could not be read in docs-replica")
	v = verdict.Judge(verdict.Event{}, look(primary(with(tags(verdict.TagsUnread))), replica(with(headers("x")))), first, policy)
	assert.Equal(t, told+"headers; tags could not be read in docs-primary", v.Detail)
}

func TestAFindingAboutOneOfSeveralReplicasIsKeptAndToldFirst(t *testing.T) {
	l := look(primary(with(), sums(crcA)), replica(with(), sums(crcA)), second(with(user("x")), sums(nil)))
	v := verdict.Judge(verdict.Event{}, l, first, policy)
	assert.Equal(t, verdict.Verified, v.Outcome)
	assert.Equal(t, verdict.SinglePartETag, v.Evidence, "the weakest")
	assert.Equal(t, reason.MetadataDiffers, v.Finding)
	assert.Regexp(t, "^primary docs-primary .* docs-second .*: user metadata; primary docs-primary .* docs-replica ", v.Detail)
	l = look(primary(with(), sums(crcA)), replica(with(user("x")), sums(crcA)), second(with(), sums(nil)))
	assert.Equal(t, reason.MetadataDiffers, verdict.Judge(verdict.Event{}, l, first, policy).Finding, "about the one with the stronger evidence")
	strict := policy
	strict.AlertMetadata = true
	l.Replicas[0].Size++
	assert.Equal(t, reason.SizeMismatch, verdict.Judge(verdict.Event{}, l, first, strict).Reason, "content comes first")
}

// Metadata never changes what is said about the content.
func TestMetadataIsNoContentVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		plain := in
		plain.look.Primary.Metadata = nil
		without := plain.judge()
		got := in.judge()
		assert.Empty(t, without.Finding)
		switch {
		case without.Outcome != verdict.Verified:
			assert.Equal(t, without.Outcome, got.Outcome)
			assert.Equal(t, without.Reason, got.Reason)
		case got.Outcome == verdict.Verified:
			assert.Equal(t, without.Evidence, got.Evidence)
		default:
			assert.Equal(t, reason.MetadataDiffers, got.Reason)
			assert.Equal(t, in.policy.AlertMetadata || got.Outcome == verdict.Lagging, true)
		}
	})
}

// What only looks in a row end must be counted by Differing, or it would lag
// without end.
func TestALagThatDifferingLooksEndIsADifferingLook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		if v := in.judge(); v.Outcome == verdict.Lagging && v.Reason == reason.MetadataDiffers {
			assert.True(t, in.look.MetadataDiffers())
			in.progress.Differing = verdict.MetadataLooks
			assert.NotEqual(t, reason.MetadataDiffers, func() reason.Code {
				if v := in.judge(); v.Outcome == verdict.Lagging {
					return v.Reason
				}
				return ""
			}())
		}
	})
}

func TestBytesAreReadOnceMetadataThatMayChangeHadItsLooks(t *testing.T) {
	reads := policy
	reads.Bytes.Inconclusive = true
	inconclusive := encrypted("aws:kms")
	wasRead := func(x *verdict.Side) {
		x.Bytes = &verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead}
	}
	judge := func(inARow int, metadata change, more ...change) verdict.Verdict {
		l := look(primary(with(), inconclusive), replica(append(more, metadata, inconclusive)...))
		return verdict.Judge(verdict.Event{}, l, differing(inARow), reads)
	}
	assert.Equal(t, verdict.Reading, judge(1, with()).Outcome)
	assert.Equal(t, verdict.Reading, judge(1, with(headers("x"))).Outcome, "what is final waits for nothing")
	early := judge(verdict.MetadataLooks-1, with(tags("x")))
	assert.Equal(t, verdict.Lagging, early.Outcome)
	assert.Equal(t, reason.MetadataDiffers, early.Reason)
	assert.Equal(t, verdict.Reading, judge(verdict.MetadataLooks, with(tags("x"))).Outcome)

	late := judge(verdict.MetadataLooks+1, with(tags("x")), wasRead)
	assert.Equal(t, verdict.Verified, late.Outcome)
	assert.Equal(t, verdict.BytesRead, late.Evidence)
	assert.Equal(t, reason.MetadataDiffers, late.Finding)
	damaged := judge(1, with(tags("x")), func(x *verdict.Side) {
		x.Bytes = &verdict.Verdict{Outcome: verdict.Failed, Reason: reason.ContentMismatch, Detail: "bytes differ"}
	})
	assert.Equal(t, reason.ContentMismatch, damaged.Reason, "content comes first")
}
