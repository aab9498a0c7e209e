package report

import "autobackup/internal/audit"

// level is what people read about how far an audit went.
type level struct {
	Short  string // one line
	Proves string
	Not    string // what it does not prove
}

var levels = map[audit.Level]level{
	audit.Listed: {
		Short:  "listed (nothing was looked at, no bytes were read)",
		Proves: "Both buckets' listings were compared, version by version: whether it is on both sides, its size and its ETag.",
		Not: "A listing shows no encryption, no replication status and no checksum. For objects under KMS keys an equal ETag is no evidence of content. " +
			"Nothing that the listings left open was looked at.",
	},
	audit.Rest: {
		Short:  "listed, rest looked at (no bytes were read)",
		Proves: "Both buckets' listings were compared, and what they left open was looked at on both sides, as uploads are: sizes, checksums, ETags, replication status.",
		Not: "What was listed alike has equal size and ETag, and nothing else was compared; for objects under KMS keys that is no evidence of content. " +
			"Checksums are what S3 stored when it took the object: damage in storage since then does not show.",
	},
	audit.AllLooked: {
		Short:  "all looked at (no bytes were read)",
		Proves: "Every version was looked at on both sides, as uploads are: sizes, checksums, ETags, replication status.",
		Not:    "Checksums are what S3 stored when it took the object: damage in storage since then does not show.",
	},
	audit.Bytes: {
		Short:  "listed, rest looked at, bytes of a sample read",
		Proves: "Both buckets' listings were compared, what they left open was looked at on both sides, and the bytes of a sample were read on both sides and compared.",
		Not:    "The bytes of what is not in the sample were not read. What was listed alike has equal size and ETag, and nothing else was compared.",
	},
}

// levelOf is never empty: a level without words is told by its name.
func levelOf(l audit.Level) level {
	if known, ok := levels[l]; ok {
		return known
	}
	return level{Short: visible(string(l)), Proves: "This version has no words for the level.", Not: "Anything."}
}

// how is one line of how far an audit went.
func how(r audit.Report) string {
	short := levelOf(r.Level).Short
	if r.Sample != "" {
		short += " (" + visible(r.Sample) + ")"
	}
	return short
}
