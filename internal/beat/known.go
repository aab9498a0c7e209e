package beat

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"autobackup/internal/batch"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/heartbeat"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// different is a look at two sides of a size whose contents differ, by their ETags and by their
// checksums.
func (b Beater) different() verdict.Look {
	side := func(of Side, etag, crc, status string) verdict.Side {
		return verdict.Side{
			Bucket: of.Bucket, Region: of.Region, Found: verdict.Object, Size: 9, Encryption: "AES256", Replication: status,
			ETag: etag, Checksums: map[string]string{"CRC64NVME": crc}, ChecksumType: "FULL_OBJECT",
		}
	}
	return verdict.Look{
		Primary:  side(b.Primary, `"0123456789abcdef0123456789abcdef"`, "AAAAAAAAAAA=", "COMPLETED"),
		Replicas: []verdict.Replica{{Side: side(b.Replica, `"fedcba9876543210fedcba9876543210"`, "AAAAAAAAAAE=", "REPLICA")}},
	}
}

// tells has the deployed compare-etags judge sides that differ. Its answer is that this was
// planted, and found.
func (b Beater) tells(ctx context.Context) error {
	body, err := s3event.Event(s3event.ObjectVersion{
		Bucket: b.Primary.Bucket, Key: b.Prefix + heartbeat.Different, VersionID: "different", Region: b.Primary.Region, Account: b.Account, Size: 9, Reason: "autobackup heartbeat",
	}, b.Partition)
	if err != nil {
		return err
	}
	look := b.different()
	payload, err := json.Marshal(batch.Batch{Messages: []batch.Message{{ID: "different", Body: body, Look: &look}}}.Count())
	if err != nil {
		return fmt.Errorf("encode sides that differ: %w", err)
	}
	out, err := b.Functions.Invoke(ctx, &lambda.InvokeInput{FunctionName: &b.CompareETags, Payload: payload})
	if err != nil {
		return fmt.Errorf("invoke %s with sides that differ: %w", b.CompareETags, err)
	}
	if out.FunctionError != nil {
		return fmt.Errorf("%s failed with sides that differ: %.300q", b.CompareETags, out.Payload)
	}
	var answer batch.Batch
	if err := json.Unmarshal(out.Payload, &answer); err != nil {
		return fmt.Errorf("decode the answer of %s to sides that differ: %w", b.CompareETags, err)
	}
	if all := answer.Summary.Objects; len(all) != 1 || all[0].Verdict != verdict.Skipped || all[0].Reason != reason.AsPlanted {
		return fmt.Errorf("%s does not tell sides that differ: it answers %q", b.CompareETags, answer.Summary.Text)
	}
	return nil
}

// reads has the deployed hash-bytes of both regions read two heartbeats that differ: each is
// the same on both sides, and they are not the same.
func (b Beater) reads(ctx context.Context, both []version) error {
	var blocks []string // of each version on the primary, then of each on the replica
	for _, side := range []Side{b.Primary, b.Replica} {
		var list []hashbytes.Request
		for _, v := range both {
			list = append(list, hashbytes.Request{
				Bucket: side.Bucket, Key: v.key, Version: v.id, Size: v.size, Length: v.size, BlockSize: digest.BlockSize, Algorithm: b.Algorithm,
			})
		}
		answers, err := b.Hasher.HashList(ctx, side.Region, list)
		if err != nil {
			return fmt.Errorf("hash-bytes in %s: %w", side.Region, err)
		}
		if len(answers) != len(list) {
			return fmt.Errorf("hash-bytes in %s answers %d of %d requests", side.Region, len(answers), len(list))
		}
		for i, a := range answers {
			if a.Found != verdict.Object || a.Digests == nil {
				return fmt.Errorf("hash-bytes in %s of s3://%s/%s: %s %s", side.Region, side.Bucket, list[i].Key, a.Found, a.Detail)
			}
			blocks = append(blocks, string(a.Digests.Blocks))
		}
	}
	switch n := len(both); {
	case !slices.Equal(blocks[:n], blocks[n:]):
		return fmt.Errorf("hash-bytes of %s and of %s do not read the same of the same heartbeats", b.Primary.Region, b.Replica.Region)
	case blocks[0] == blocks[1]:
		return fmt.Errorf("hash-bytes does not tell two heartbeats that differ, in %s and in %s", b.Primary.Region, b.Replica.Region)
	}
	return nil
}
