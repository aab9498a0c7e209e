package doctor_test

import (
	"time"

	"autobackup/internal/attach"
	"autobackup/internal/doctor"
	"autobackup/internal/verdict"
)

const own = "111122223333"

// healthy is a stage that is as it must be: with a category, a bucket that was there before,
// and a replica stack in the second region.
func healthy() doctor.Facts {
	f := doctor.Facts{
		Stage: attach.Stage{Name: "prod", Region: "eu-central-1", Account: own, Partition: "aws"},
		Stacks: []doctor.Stack{
			{Name: "autobackup-prod", Region: "eu-central-1", Account: own, Status: "UPDATE_COMPLETE", Parameters: map[string]string{
				"Stage": "prod", "Categories": "documents", "StorageEncryption": "SSE-S3", "ReplicaRegion": "eu-west-1", "Buckets": "acme-invoices", "ReplicaBuckets": "acme-invoices-dr", "AlertEmail": "oncall@example.com",
			}},
			{Name: "autobackup-replica-prod", Region: "eu-west-1", Account: own, Replica: true, Status: "CREATE_COMPLETE", Parameters: map[string]string{
				"Stage": "prod", "Categories": "documents", "StorageEncryption": "SSE-S3", "ReplicaBuckets": "acme-invoices-dr",
			}},
		},
		Topic: doctor.Topic{ARN: "arn:aws:sns:eu-central-1:111122223333:autobackup-failure-topic-prod", Subscriptions: []doctor.Subscription{
			{Endpoint: "oncall@example.com", ARN: "arn:aws:sns:eu-central-1:111122223333:autobackup-failure-topic-prod:5b1c"},
		}},
		Mappings: []doctor.Mapping{{ID: "5b1c", State: "Enabled"}},
		Pipe:     doctor.Running{Name: "autobackup-validation-pipe-prod", State: "RUNNING"},
		Machine:  doctor.Running{Name: "autobackup-validation-prod", State: "ACTIVE"},
		Beats:    &doctor.Heartbeats{Rule: doctor.Running{Name: "autobackup-heartbeat-prod", State: "ENABLED"}, Last: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)},
		Rules: []doctor.Rule{
			{Name: "autobackup-s3-upload-trigger-prod", Buckets: []string{"autobackup-prod-primary-documents-111122223333"}, Targets: []string{"arn:aws:sqs:eu-central-1:111122223333:autobackup-validation-queue-prod"}},
			{Name: "autobackup-s3-upload-trigger-Buckets-prod", Buckets: []string{"acme-invoices"}, Targets: []string{"arn:aws:sqs:eu-central-1:111122223333:autobackup-validation-queue-prod"}},
			{Name: "autobackup-s3-upload-trigger-Buckets2-prod", Disabled: true}, // its list is empty
		},
		Alarms: []doctor.Alarm{{Name: "autobackup-pipe-not-running-prod", State: "OK"}, {Name: "autobackup-nothing-verified-prod", State: "OK"}},
		Buckets: []doctor.Bucket{
			bucket("autobackup-prod-primary-documents-111122223333", "autobackup-prod-replica-documents-111122223333", "documents"),
			bucket("acme-invoices", "acme-invoices-dr", ""),
		},
	}
	for _, kind := range []string{"validation-queue", "failure-queue", "validation-dlq", "failure-dlq", "event-dlq"} {
		f.Queues = append(f.Queues, doctor.Queue{Name: "autobackup-" + kind + "-prod"})
	}
	for _, name := range []string{"fetch-etags", "compare-etags", "compare-bytes", "failure-notifier", "hash-bytes"} {
		f.Functions = append(f.Functions, function(name, "eu-central-1", "autobackup-prod"))
	}
	f.Functions = append(f.Functions, function("hash-bytes", "eu-west-1", "autobackup-replica-prod"))
	return f
}

func function(name, region, stack string) doctor.Function {
	return doctor.Function{Name: "autobackup-" + name + "-prod", Region: region, Account: own, Stack: stack, State: "Active", Update: "Successful", Processor: "arm64", Code: "digest of " + name}
}

// bucket is one that is as it must be, and was looked at.
func bucket(name, replica, category string) doctor.Bucket {
	side := func(name, region string) attach.Side {
		return attach.Side{Bucket: name, Region: region, Account: own, Versioning: "Enabled"}
	}
	b := doctor.Bucket{Category: category, Bucket: attach.Bucket{
		Side: side(name, "eu-central-1"), Replicas: []attach.Side{side(replica, "eu-west-1")},
		Rules: []attach.Rule{{ID: "all", Enabled: true, To: replica, Every: true, Metrics: true}},
		Configuration: attach.Configuration{EventBridge: true, Notifications: []attach.Notification{
			{Kind: "queue", Target: "arn:aws:sqs:eu-central-1:111122223333:autobackup-failure-queue-prod", Events: []string{attach.Failed}},
		}},
	}}
	b.Look = doctor.Look{Asked: true, Key: true, There: look(name, replica, verdict.Object), Absent: look(name, replica, verdict.Missing)}
	return b
}

func look(name, replica string, found verdict.Found) *verdict.Look {
	return &verdict.Look{Primary: verdict.Side{Bucket: name, Found: found}, Replicas: []verdict.Replica{{Side: verdict.Side{Bucket: replica, Found: found}}}}
}
