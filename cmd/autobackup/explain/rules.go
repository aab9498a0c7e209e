package explain

import (
	"fmt"
	"strings"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
)

// rules is what both buckets' configurations say about the key. Ids are of whoever made
// the rules, so they are made visible.
func (c *subject) rules() []string {
	all := []string{c.replication()}
	for _, s := range []*pair.Side{c.pair.Primary, c.pair.Replica} {
		all = append(all, ageing(s, c.Key)...)
	}
	return all
}

func (c *subject) replication() string {
	from, to := c.pair.Primary.Bucket, c.pair.Replica.Bucket
	if unread(c.pair.Primary, "s3:GetReplicationConfiguration") {
		return "the replication rules of " + from + " could not be read"
	}
	rule := c.pair.Rule(c.Key)
	if !rule.Covers {
		if c.pair.Rules().Leads() {
			return fmt.Sprintf("enabled replication rules lead from %s to %s, and none has a prefix of the key", from, to)
		}
		return fmt.Sprintf("no enabled replication rule leads from %s to %s", from, to)
	}
	words := []string{fmt.Sprintf("replication rule %s covers the key", named(rule.ID))}
	if rule.ByTag {
		words = append(words, "all rules for it select by tag, too: what they took is told by the version's status, and its tags may have changed since")
	}
	words = append(words, "delete markers are "+but(rule.IgnoresMarkers)+"replicated", "objects under KMS keys are "+but(rule.IgnoresKMS)+"replicated")
	return strings.Join(words, "; ")
}

func but(not bool) string {
	if not {
		return "not "
	}
	return ""
}

func named(id string) string { return `"` + report.Visible(id) + `"` }

func ageing(s *pair.Side, key string) (all []string) {
	if unread(s, "s3:GetLifecycleConfiguration") {
		return []string{"the lifecycle rules of " + s.Bucket + " could not be read"}
	}
	for _, r := range s.Ageing(key) {
		words := fmt.Sprintf("lifecycle rule %s of %s covers the key: %s", named(r.ID), s.Bucket, r.Does)
		if r.Narrow {
			words += "; it selects by tag or size, too, and may leave this version out"
		}
		all = append(all, words)
	}
	if len(all) == 0 {
		all = []string{"no lifecycle rule of " + s.Bucket + " covers the key"}
	}
	return all
}

// unread says whether the bucket's configuration that an action reads could not be read.
func unread(s *pair.Side, action string) bool {
	for _, why := range s.Unread {
		if strings.HasPrefix(why, action) {
			return true
		}
	}
	return false
}
