package report_test

import (
	"encoding/json"
	"iter"
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var began = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)

const (
	primary = "acme-invoices"
	replica = "acme-invoices-dr"
)

// item is a version in the sample.
func item(c audit.Category, code reason.Code, key, version string) audit.Item {
	return audit.Item{
		Primary: primary, Replica: replica, Key: key, Version: version, Size: 184_220, Modified: began.AddDate(0, -2, 0), On: "primary",
		Category: c, Reason: code,
	}
}

// gone is a version that S3 had replicated and that is not in the replica.
func gone(key, version string) audit.Item {
	i := item(audit.Finding, reason.ReplicaMissing, key, version)
	i.Status, i.Detail = "COMPLETED", "primary: 200; replica: 404"
	return i
}

func refused() audit.Item {
	i := item(audit.Unknown, reason.AccessDenied, "2026/locked.pdf", "9c1e")
	i.On, i.Detail = "both", "replica: denied (403 AccessDenied: kms:Decrypt)"
	return i
}

func accepted() audit.Item {
	i := item(audit.Accepted, reason.NotErased, "2024/old.pdf", "Er1")
	i.On = "replica"
	i.Accepted = &audit.Acceptance{
		Primary: primary, Reason: reason.NotErased, Prefix: "2024/", Why: "legal keeps these", Who: "ada", At: began, Until: began.AddDate(0, 6, 0),
	}
	return i
}

func failed() audit.Item {
	i := item(audit.Finding, reason.ReplicationFailed, "2026/inv-1.pdf", "F1")
	i.Status, i.New = "FAILED", true
	return i
}

// sampleItems are what the lists have, in key order.
func sampleItems() []audit.Item {
	fresh := gone("2026/inv-88121.pdf", "3xQ")
	fresh.New = true
	return []audit.Item{beforeRule(), accepted(), failed(), gone("2026/inv-2.pdf", "G2"), fresh, refused()}
}

// sample is a report with a line of every category.
func sample() audit.Report {
	items := sampleItems()
	return audit.Report{
		Program: "1.5.0", Level: audit.Rest, Prefix: "20", Started: began, Ended: began.Add(24 * time.Minute), Deadline: "30m0s",
		Primary: audit.SideReport{
			Bucket: primary, Region: "eu-central-1", Account: "111122223333", Caller: "arn:aws:sts::111122223333:assumed-role/auditor/ada",
			Versioning: "Enabled", Encryption: "aws:kms", Listed: 41_207_327, Markers: 12,
			Replication: json.RawMessage(`{"Rules":[{"ID":"all","Status":"Enabled","Prefix":""}]}`),
			Lifecycle:   json.RawMessage(`{"Rules":[{"ID":"expire-nc-90"}]}`),
		},
		Replica: audit.SideReport{
			Bucket: replica, Region: "eu-west-1", Account: "444455556666", Versioning: "Enabled", Encryption: "unknown", Listed: 39_900_002,
			Unread: []string{"encryption: AccessDenied", "lifecycle: 503"},
		},
		Listed: 41_206_424 + 5,
		Counts: []audit.Count{
			{Category: audit.Finding, Reason: reason.ReplicaMissing, Versions: 2, New: 1, Bytes: 368_440, Examples: items[3:5]},
			{Category: audit.Finding, Reason: reason.ReplicationFailed, Versions: 1, New: 1, Bytes: 184_220, Examples: items[2:3]},
			{Category: audit.Unknown, Reason: reason.AccessDenied, Versions: 1, Bytes: 184_220, Examples: items[5:6]},
			{Category: audit.Accepted, Reason: reason.NotErased, Versions: 1, Bytes: 184_220, Examples: items[1:2]},
			{Category: audit.Expected, Reason: reason.BeforeRule, Versions: 1_301_440, Bytes: 5e12, Examples: []audit.Item{beforeRule()}},
			{Category: audit.Expected, Reason: reason.LifecycleOnReplica, Versions: 25_462},
			{Category: audit.Compared, Evidence: verdict.FullObjectChecksum + " CRC64NVME", Versions: 309_508, Bytes: 4e12},
			{Category: audit.Compared, Evidence: verdict.DeleteMarker, Versions: 12},
			{Category: audit.Alike, Versions: 39_570_002, Bytes: 8e14},
		},
		Since:    "audit-6a1b",
		Requests: map[string]int64{"HeadObject": 620_000, "ListObjectVersions": 83_000},
		Dollars:  0.66, Notes: []string{"of 2026/07/ 1 in 100 was looked at, as it is mostly missing", replica + ": could not be read, so it explains nothing: encryption: AccessDenied"}, Replicable: 2, Result: "findings", Exit: 1,
	}
}

var replicable = audit.Item.Replicable

// beforeRule can be replicated again, and is not told line by line.
func beforeRule() audit.Item { return item(audit.Expected, reason.BeforeRule, "2019/a", "B1") }

// each yields the items, and then an error if there is one.
func each(items []audit.Item, err error) iter.Seq2[audit.Item, error] {
	return func(yield func(audit.Item, error) bool) {
		for _, i := range items {
			if !yield(i, nil) {
				return
			}
		}
		if err != nil {
			yield(audit.Item{}, err)
		}
	}
}
