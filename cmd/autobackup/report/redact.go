package report

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"autobackup/internal/audit"
)

// RedactedKey stands for a key where keys must not be shown: the same for the same
// key of a bucket in every report, so that a version can be followed. Whoever can
// guess the key can tell that it is this one.
func RedactedKey(bucket, key string) string {
	sum := sha256.Sum256([]byte(bucket + "/" + key))
	return "sha256:" + hex.EncodeToString(sum[:8])
}

// redact leaves the keys out of an item: its own and those that an acceptance names.
func redact(i audit.Item) audit.Item {
	i.Key = RedactedKey(i.Primary, i.Key)
	if i.Accepted == nil {
		return i
	}
	a := *i.Accepted
	if a.Key != "" {
		a.Key = RedactedKey(a.Primary, a.Key)
	}
	if a.Prefix != "" {
		a.Prefix = RedactedKey(a.Primary, a.Prefix)
	}
	i.Accepted = &a
	return i
}

// redactBorder leaves the beginning and the end as they are.
func redactBorder(bucket, key string) string {
	if key == "" {
		return ""
	}
	return RedactedKey(bucket, key)
}

// Redacted are reports whose examples have no keys. Prefixes of the audit, of rules
// and of lifecycle stay: without them nobody can say what was looked at.
func Redacted(reports []audit.Report) []audit.Report {
	reports = slices.Clone(reports)
	for i := range reports {
		bucket := reports[i].Primary.Bucket
		reports[i].NotListed = slices.Clone(reports[i].NotListed)
		for j := range reports[i].NotListed {
			n := &reports[i].NotListed[j]
			n.After, n.Upto = redactBorder(bucket, n.After), redactBorder(bucket, n.Upto)
		}
		reports[i].Counts = slices.Clone(reports[i].Counts)
		for j := range reports[i].Counts {
			n := &reports[i].Counts[j]
			n.Examples = slices.Clone(n.Examples)
			for k := range n.Examples {
				n.Examples[k] = redact(n.Examples[k])
			}
		}
	}
	return reports
}
