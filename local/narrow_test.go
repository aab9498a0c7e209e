package local_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/iam"
)

// attempt is something that nobody must succeed with: docs/security.md says of whom, and why.
type attempt struct {
	what string
	try  func(g *gate.Gate) error
}

const (
	stranger  = "999999999999"
	foreign   = "arn:aws:s3:::somebody-elses"
	workFiles = "arn:aws:s3:::autobackup-dev-work-" + account
)

// arnOf is a resource of this account in the first region.
func arnOf(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, firstRegion, account, resource)
}

func queueARN(name string) string { return arnOf("sqs", "autobackup-"+name+"-dev") }
func keyARN(name string) string   { return arnOf("kms", "key/autobackup-dev-"+name) }

func roleOf(name string) string {
	if name == "replica's HashBytesRole" {
		return "arn:aws:iam::" + account + ":role/autobackup-replica-dev-HashBytesRole"
	}
	return "arn:aws:iam::" + account + ":role/autobackup-dev-" + name
}

// foreignKey leaves it to the account's policies who uses it.
func foreignKey(t *testing.T, g *gate.Gate) {
	t.Helper()
	require.NoError(t, g.Attach(arnOf("kms", "foreign"), iam.Key, map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + account + ":root"}, "Action": "kms:*", "Resource": "*",
	}}))
}

// own is the bucket that a role is for, where it is for one.
func own(role string) string {
	category, found := strings.CutPrefix(role, "replication-")
	if !found {
		category = "documents"
	}
	return "arn:aws:s3:::autobackup-dev-primary-" + category + "-" + account
}

var (
	awayKey  = "arn:aws:kms:" + secondRegion + ":" + account + ":key/autobackup-replica-dev-StorageKey"
	topicARN = arnOf("sns", "autobackup-failure-topic-dev")
)

// roles are those of the templates, with who assumes each, and what each may be tried
// with beyond what it is for.
var roles = map[string]string{
	"replication-documents": "s3", "replication-media": "s3", "replication-databases": "s3", "ValidationPipeRole": "pipes", "ValidationStateMachineRole": "states", "fetch-etags": "lambda",
	"CompareETagsRole": "lambda", "CompareBytesRole": "lambda", "HashBytesRole": "lambda", "FailureNotifierRole": "lambda",
	"replica's HashBytesRole": "lambda", "heartbeat": "lambda", "replication-beat": "s3",
}

// attempts are what the threats of docs/security.md come to at the gate.
func attempts() (all []attempt) {
	add := func(what string, try func(g *gate.Gate) error) { all = append(all, attempt{what, try}) }
	as := func(role string) func(*gate.Gate) gate.Caller {
		return func(g *gate.Gate) gate.Caller {
			by, err := g.Assume(roleOf(role), roles[role]+".amazonaws.com", "attempt")
			if err != nil {
				by = g.As(iam.Session(roleOf(role), "attempt"))
			}
			return by.With("aws:SecureTransport", "true")
		}
	}
	// A role that leaked reaches nothing of anybody else's, whatever it is for.
	for role := range roles {
		for _, action := range []string{
			"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging", "s3:GetObjectVersionAttributes",
			"s3:GetObjectVersionAnnotationForReplication", "s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:PutObject", "s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags",
			"s3:ListMultipartUploadParts", "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion",
		} {
			add(role+" "+action+" of a foreign bucket", func(g *gate.Gate) error { return as(role)(g).May(action, foreign+"/k") })
		}
		for _, action := range []string{"s3:ListBucket", "s3:ListBucketVersions", "s3:GetReplicationConfiguration", "s3:GetLifecycleConfiguration", "s3:PutBucketPolicy"} {
			add(role+" "+action+" of a foreign bucket", func(g *gate.Gate) error { return as(role)(g).May(action, foreign) })
		}
		for service, tried := range map[string][]string{
			"sqs": {"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, "sns": {"sns:Publish"}, "lambda": {"lambda:InvokeFunction"},
			"states": {"states:StartExecution", "states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"},
			"logs":   {"logs:CreateLogStream", "logs:PutLogEvents"},
		} {
			for _, action := range tried {
				add(role+" "+action+" of something foreign", func(g *gate.Gate) error {
					return as(role)(g).May(action, arnOf(service, "foreign"))
				})
			}
		}
		for _, action := range []string{"kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"} {
			for _, region := range []string{firstRegion, secondRegion} {
				add(role+" "+action+" with a foreign key", func(g *gate.Gate) error {
					return as(role)(g).With("kms:ViaService", "s3."+region+".amazonaws.com").With("kms:EncryptionContext:aws:s3:arn", own(role)).May(action, arnOf("kms", "foreign"))
				})
			}
		}
		// Content is decrypted through S3 alone, and not by whoever has the role's session.
		for _, key := range []string{keyARN("StorageKey"), awayKey} {
			for _, action := range []string{"kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"} {
				for _, via := range []string{"", "s3.ap-south-2.amazonaws.com"} {
					add(role+" "+action+" of "+key+" without S3", func(g *gate.Gate) error {
						by := as(role)(g).With("kms:EncryptionContext:aws:s3:arn", own(role))
						if via != "" {
							by = by.With("kms:ViaService", via)
						}
						return by.May(action, key)
					})
				}
			}
		}
		// Only the service that a role is for takes it, for this account.
		for _, service := range []string{"ec2.amazonaws.com", "sqs.amazonaws.com"} {
			add(role+" assumed by "+service, func(g *gate.Gate) error {
				_, err := g.Assume(roleOf(role), service, "attempt")
				return err
			})
		}
		if of := roles[role]; of == "pipes" || of == "states" {
			add(role+" assumed for another account", func(g *gate.Gate) error {
				_, err := g.As(iam.Principal{Service: of + ".amazonaws.com"}).With("aws:SourceAccount", stranger).Assume(roleOf(role), "attempt")
				return err
			})
		}
	}
	// A replication role of one category decrypts nothing of another's.
	for _, category := range []string{"documents", "media", "databases"} {
		add("replication-"+category+" decrypts another category", func(g *gate.Gate) error {
			return as("replication-"+category)(g).With("kms:ViaService", "s3."+firstRegion+".amazonaws.com").
				With("kms:EncryptionContext:aws:s3:arn", "arn:aws:s3:::autobackup-dev-primary-other-"+account).May("kms:Decrypt", keyARN("StorageKey"))
		})
	}
	// Nobody speaks without TLS, the owner neither.
	plain := func(action, resource string) {
		add(action+" of "+resource+" without TLS", func(g *gate.Gate) error {
			return g.As(g.Owner()).With("aws:SecureTransport", "false").May(action, resource)
		})
	}
	for _, queue := range []string{"validation-queue", "event-dlq", "validation-dlq", "failure-queue", "failure-dlq"} {
		plain("sqs:ReceiveMessage", queueARN(queue))
	}
	plain("sns:Publish", topicARN)
	plain("sns:Publish", arnOf("sns", "autobackup-chat-topic-dev"))
	for _, category := range []string{"documents", "media", "databases"} {
		for _, side := range []string{"primary", "replica"} {
			plain("s3:GetObject", "arn:aws:s3:::autobackup-dev-"+side+"-"+category+"-"+account+"/k")
			plain("s3:ListBucket", "arn:aws:s3:::autobackup-dev-"+side+"-"+category+"-"+account)
		}
	}
	plain("s3:GetObject", workFiles+"/plans/x")
	plain("s3:ListBucket", workFiles)
	// Services act for this stack's own resources alone.
	rule := arnOf("events", "rule/autobackup-s3-upload-trigger-dev")
	documents := "arn:aws:s3:::autobackup-dev-primary-documents-" + account
	alarm := arnOf("cloudwatch", "alarm:autobackup-x-dev")
	for _, x := range []struct {
		service, source, account, action string
		on                               []string
	}{
		{"events", rule + "2", account, "sqs:SendMessage", []string{queueARN("validation-queue"), queueARN("event-dlq")}},
		{"s3", foreign, account, "sqs:SendMessage", []string{queueARN("failure-queue")}},
		{"s3", documents, stranger, "sqs:SendMessage", []string{queueARN("failure-queue")}},
		{"sns", rule, account, "sqs:SendMessage", []string{queueARN("validation-queue"), queueARN("event-dlq"), queueARN("failure-queue"), queueARN("validation-dlq")}},
		{"ec2", documents, account, "sqs:SendMessage", []string{queueARN("failure-queue")}},
		{"ec2", alarm, account, "sns:Publish", []string{topicARN}},
		{"cloudwatch", arnOf("cloudwatch", "alarm:other"), account, "sns:Publish", []string{topicARN}},
		{"cloudwatch", alarm, stranger, "sns:Publish", []string{topicARN}},
		{"s3", foreign, account, "kms:Decrypt", []string{keyARN("SQSKey")}}, {"s3", documents, stranger, "kms:Decrypt", []string{keyARN("SQSKey")}},
		{"cloudwatch", alarm + "2", account, "kms:Decrypt", []string{keyARN("SNSKey")}}, {"cloudwatch", alarm, stranger, "kms:Decrypt", []string{keyARN("SNSKey")}},
		{"ec2", alarm, account, "kms:Decrypt", []string{keyARN("SNSKey"), keyARN("SQSKey"), keyARN("StorageKey")}},
		{"ec2", documents, account, "kms:Decrypt", []string{keyARN("SQSKey")}},
	} {
		for _, on := range x.on {
			add(x.service+" "+x.action+" for "+x.source+" of "+x.account+" to "+on, func(g *gate.Gate) error {
				return g.As(iam.Principal{Service: x.service + ".amazonaws.com"}).With("aws:SourceArn", x.source).With("aws:SourceAccount", x.account).May(x.action, on)
			})
		}
	}
	// Strangers, and roles that only look like the pipeline's.
	for _, who := range []iam.Principal{
		iam.Session("arn:aws:iam::"+account+":role/somebody", "s"), {ARN: "arn:aws:iam::" + stranger + ":root"}, {},
		iam.Session("arn:aws:iam::"+stranger+":role/autobackup-dev-replication-documents", "s"),
	} {
		for _, on := range []string{keyARN("SQSKey"), keyARN("SNSKey"), keyARN("StorageKey"), awayKey} {
			for _, action := range []string{"kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:Decrypt", "kms:Encrypt"} {
				add(fmt.Sprint(who, " ", action, " of ", on), func(g *gate.Gate) error { return g.As(who).May(action, on) })
			}
		}
		for _, on := range []string{queueARN("validation-queue"), queueARN("failure-queue")} {
			add(fmt.Sprint(who, " sends to ", on), func(g *gate.Gate) error {
				return g.As(who).With("aws:SecureTransport", "true").May("sqs:SendMessage", on)
			})
		}
		add(fmt.Sprint(who, " publishes"), func(g *gate.Gate) error {
			return g.As(who).With("aws:SecureTransport", "true").May("sns:Publish", topicARN)
		})
	}
	return all
}
