package attach

import (
	"encoding/json"
	"fmt"
	"strings"

	"autobackup/internal/text"
)

// Statement is one of a bucket's or a key's policy, which lets the stage's role in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type Statement struct {
	Effect    string
	Principal map[string]string
	Action    []string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// Statements let the stage's role look at a replica of another account. With headOnly it can
// learn that a version is there or is not, and its headers; nothing else is compared then.
func (s Stage) Statements(bucket string, headOnly bool) []Statement {
	arn := "arn:" + s.Partition + ":s3:::" + bucket
	var ofBucket, ofObjects []string
	for _, n := range new(Bucket).needs(false) {
		switch {
		case headOnly && !n.head():
		case n.objects:
			ofObjects = append(ofObjects, n.action)
		default:
			ofBucket = append(ofBucket, n.action)
		}
	}
	by := map[string]string{"AWS": s.Role()}
	return []Statement{
		{Effect: "Allow", Principal: by, Action: ofBucket, Resource: arn},
		{Effect: "Allow", Principal: by, Action: ofObjects, Resource: arn + "/*"},
	}
}

// AuditStatement lets the stage's audits list a replica of another account, and read what its
// report says of the bucket. Its objects they have fetch-etags look at.
func (s Stage) AuditStatement(bucket string) Statement {
	role := strings.TrimSuffix(s.Role(), "-fetch-etags") + "-audit"
	return Statement{
		Effect: "Allow", Principal: map[string]string{"AWS": role}, Resource: "arn:" + s.Partition + ":s3:::" + bucket,
		Action: []string{
			"s3:GetBucketVersioning", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:ListBucketVersions",
		},
	}
}

// head says whether HeadObject itself needs it: without a permission to list, S3 does not
// tell who may not read from what is not there.
func (n need) head() bool {
	return n.must || n.action == "s3:ListBucketVersions"
}

// KeyStatement lets the stage's role have S3 decrypt what is encrypted with a key. HeadObject
// of an object that is encrypted with it needs that, too.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func (s Stage) KeyStatement(key string) (Statement, error) {
	parts := strings.Split(key, ":")
	if !keyARN.MatchString(key) {
		return Statement{}, fmt.Errorf("%s is no ARN of a key: aws kms describe-key shows it", text.Quoted(key, 200))
	}
	return Statement{
		Effect: "Allow", Principal: map[string]string{"AWS": s.Role()}, Action: []string{"kms:Decrypt"}, Resource: "*",
		Condition: map[string]map[string]string{"StringLike": {"kms:ViaService": "s3." + parts[3] + ".amazonaws.*"}},
	}, nil
}

// LetIn are the statements in one line.
func (s Stage) LetIn(bucket string) string {
	statements, err := json.Marshal(s.Statements(bucket, false))
	if err != nil { // never: they are texts
		return err.Error()
	}
	return text.Line(string(statements), 2000) // with the name of any bucket that S3 can have, all of it
}
