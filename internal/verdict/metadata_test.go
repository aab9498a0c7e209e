package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var shown = verdict.Metadata{Headers: "h", User: "u", Tags: "t", Retention: "r", LegalHold: "ON"}

// with is a side's metadata, changed in one thing.
func with(changes ...func(*verdict.Metadata)) change {
	m := shown
	for _, c := range changes {
		c(&m)
	}
	return shows(m)
}

func headers(v string) func(*verdict.Metadata) { return func(m *verdict.Metadata) { m.Headers = v } }
func user(v string) func(*verdict.Metadata)    { return func(m *verdict.Metadata) { m.User = v } }
func tags(v string) func(*verdict.Metadata)    { return func(m *verdict.Metadata) { m.Tags = v } }
func retention(v string) func(*verdict.Metadata) {
	return func(m *verdict.Metadata) { m.Retention = v }
}
func hold(v string) func(*verdict.Metadata) { return func(m *verdict.Metadata) { m.LegalHold = v } }

const differs = "the content is verified (single-part ETag (MD5)), but metadata differs: "

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
		"a primary looked at by an earlier version": {func(*verdict.Replica) {}, with(), ""},
		"a replica looked at by an earlier version": {with(), func(*verdict.Replica) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := verdict.Judge(verdict.Event{}, look(primary(tt.primary), replica(tt.replica)), differing(verdict.MetadataLooks), policy)
			want := verdict.Entry{Bucket: "docs-replica", Region: "eu-west-1", Outcome: verdict.Verified, Evidence: verdict.SinglePartETag,
				Detail: "single-part ETag (MD5) is equal: 5d41402abc4b2a76b9719d911017c592"}
			if tt.want != "" {
				want.Finding, want.Detail = reason.MetadataDiffers, differs+tt.want
			}
			assert.Equal(t, verdict.Verdict{Outcome: verdict.Verified, Evidence: want.Evidence, Finding: want.Finding, Replicas: []verdict.Entry{want}}, v)
		})
	}
}

func TestMetadataIsAFailureWhereItIsToBeAlerted(t *testing.T) {
	v := verdict.Judge(verdict.Event{}, look(primary(with()), replica(with(headers("x")))), first, strict)
	assert.Equal(t, verdict.Verdict{Outcome: verdict.Failed, Reason: reason.MetadataDiffers, Replicas: []verdict.Entry{{
		Bucket: "docs-replica", Region: "eu-west-1", Outcome: verdict.Failed, Reason: reason.MetadataDiffers,
		Evidence: verdict.SinglePartETag, Detail: differs + "headers"}}}, v)
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
			counted := 0
			if tt.waits {
				counted = 1
			}
			assert.Equal(t, counted, verdict.Progress{}.Add(l).Differing)
			for _, p := range []verdict.Policy{policy, strict} {
				early := verdict.Judge(verdict.Event{}, l, differing(verdict.MetadataLooks-1), p)
				assert.Equal(t, tt.waits, early.Outcome == verdict.Lagging)
				if tt.waits {
					assert.Equal(t, reason.MetadataDiffers, early.Reason)
					assert.Empty(t, early.Finding)
					assert.Empty(t, early.Replicas[0].Evidence, "nothing is verified yet")
				}
				assert.NotEqual(t, verdict.Lagging, verdict.Judge(verdict.Event{}, l, differing(verdict.MetadataLooks), p).Outcome)
			}
		})
	}
}

func TestTagsThatCouldNotBeReadAreNoDifferenceAndAreTold(t *testing.T) {
	l := look(primary(with()), replica(with(tags(verdict.TagsUnread))))
	assert.Zero(t, verdict.Progress{}.Add(l).Differing)
	v := verdict.Judge(verdict.Event{}, l, first, policy)
	assert.Equal(t, verdict.Verified, v.Outcome)
	assert.Empty(t, v.Finding)
	assert.Contains(t, v.Replicas[0].Detail, "; tags could not be read in docs-replica")
	v = verdict.Judge(verdict.Event{}, look(primary(with(tags(verdict.TagsUnread))), replica(with(headers("x")))), first, policy)
	assert.Equal(t, differs+"headers; tags could not be read in docs-primary", v.Replicas[0].Detail)
}

func TestTagsThatNeitherSideShowsAreToldOfBoth(t *testing.T) {
	v := verdict.Judge(verdict.Event{}, look(primary(with(tags(verdict.TagsUnread))), replica(with(tags(verdict.TagsUnread)))), first, policy)
	assert.Contains(t, v.Replicas[0].Detail, "; tags could not be read in docs-primary; tags could not be read in docs-replica")
}

func TestContentComesBeforeMetadata(t *testing.T) {
	for _, p := range []verdict.Policy{policy, strict} {
		for _, other := range []change{size(6), tag(md5B)} {
			v := verdict.Judge(verdict.Event{}, look(primary(with()), replica(with(headers("x"), tags("x")), other)), differing(1), p)
			assert.Equal(t, verdict.Failed, v.Outcome)
			assert.NotEqual(t, reason.MetadataDiffers, v.Reason)
		}
	}
	v := verdict.Judge(verdict.Event{}, look(primary(with(), silent), replica(with(headers("x")), silent)), first, strict)
	assert.Equal(t, reason.Inconclusive, v.Reason)
}

func TestBytesAreReadOnceMetadataThatMayChangeHadItsLooks(t *testing.T) {
	judge := func(inARow int, metadata change, more ...change) verdict.Entry {
		l := look(primary(with(), silent), replica(append(more, metadata, silent)...))
		return verdict.Judge(verdict.Event{}, l, differing(inARow), reads).Replicas[0]
	}
	assert.Equal(t, verdict.Reading, judge(1, with()).Outcome)
	assert.Equal(t, verdict.Reading, judge(1, with(headers("x"))).Outcome, "what is final waits for nothing")
	early := judge(verdict.MetadataLooks-1, with(tags("x"), headers("x")))
	assert.Equal(t, verdict.Lagging, early.Outcome)
	assert.Equal(t, reason.MetadataDiffers, early.Reason)
	assert.Equal(t, "metadata differs, and the bytes are read once it no longer changes: headers, tags", early.Detail)
	assert.Equal(t, verdict.Reading, judge(verdict.MetadataLooks, with(tags("x"))).Outcome)

	late := judge(verdict.MetadataLooks+1, with(tags("x")), wasRead(equalBytes))
	assert.Equal(t, verdict.Verified, late.Outcome)
	assert.Equal(t, verdict.BytesRead, late.Evidence)
	assert.Equal(t, reason.MetadataDiffers, late.Finding)
	damaged := judge(1, with(tags("x")), wasRead(verdict.Bytes{Different: &checksum.Piece{Length: 5}}))
	assert.Equal(t, reason.ContentMismatch, damaged.Reason, "content comes first")
}
