package iam_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/local/iam"
	"autobackup/local/iam/iamtest"
)

// toDeploy is what `autobackup policy deploy` prints, for the stage of iamtest's pipeline.
func toDeploy(t *testing.T, side policy.Side, boundary string) iam.Document {
	t.Helper()
	written, err := policy.For(policy.Options{
		Command: policy.Deploy, Side: side, Partition: "aws", Stage: "prod", Account: here, Boundary: boundary,
	})
	require.NoError(t, err)
	text, err := json.Marshal(written)
	require.NoError(t, err)
	d, err := iam.Parse(text, iam.Identity)
	require.NoError(t, err)
	return d
}

// Statements of the pipeline that a person has none of, and those that only a person has.
var (
	ofThePipeline = []string{"ChangeSets", "FindArtifactBucket", "Stacks", "FindStacks", "PassExecutionRole"}
	ofPeople      = []string{"Stack", "Artifacts", "Keys"}
)

// The gate makes deploy.json of pipeline.yaml with what cfn-lint knows. That it was made of the
// pipeline.yaml that is here, this tells without it.
func TestWhoDeploysByHandIsAllowedWhatThePipelineIsAllowedAndNothingElse(t *testing.T) {
	policies, err := iamtest.OfPipeline("../..")
	pipeline := map[string][]iam.Statement{}
	for _, d := range parsed(t, policies, err) {
		for _, s := range d.Statements {
			if d.Kind == iam.Identity {
				pipeline[s.Sid] = append(pipeline[s.Sid], s)
			}
		}
	}
	printed := map[string][]string{}
	for _, side := range []policy.Side{policy.Primary, policy.Replica} {
		for _, s := range toDeploy(t, side, "arn:aws:iam::aws:policy/b").Statements {
			printed[s.Sid] = append(append(printed[s.Sid], s.Actions...), s.Resources...)
			if slices.Contains(ofPeople, s.Sid) {
				continue
			}
			require.NotEmpty(t, pipeline[s.Sid], s.Sid)
			of := pipeline[s.Sid][len(pipeline[s.Sid])-1]
			assert.Subset(t, of.Actions, s.Actions, s.Sid)
			assert.Subset(t, of.Resources, s.Resources, s.Sid)
			require.Len(t, s.Conditions, len(of.Conditions), s.Sid)
			for i, c := range s.Conditions {
				assert.Subset(t, of.Conditions[i].Values, c.Values, s.Sid)
				assert.Equal(t, of.Conditions[i].Key, c.Key, s.Sid)
			}
		}
	}
	for sid, statements := range pipeline {
		if slices.Contains(ofThePipeline, sid) || slices.Contains(ofPeople, sid) {
			continue
		}
		for _, s := range statements {
			assert.Subset(t, printed[sid], s.Actions, sid)
			assert.Subset(t, printed[sid], s.Resources, sid)
		}
	}
}

func TestWhoDeploysTouchesNothingButTheStackAndItsNames(t *testing.T) {
	primary, replica := toDeploy(t, policy.Primary, ""), toDeploy(t, policy.Replica, "")
	viaCloudFormation := map[string][]string{"aws:calledvia": {"cloudformation.amazonaws.com"}}
	key := "arn:aws:kms:eu-central-1:" + here + ":key/own"
	leaves := doc(t, iam.Key, `{"Effect": "Allow", "Principal": {"AWS": "`+here+`"}, "Action": "kms:*", "Resource": "*"}`)
	for _, c := range []struct {
		of               iam.Document
		action, resource string
		context          map[string][]string
		want             bool
	}{
		{primary, "cloudformation:ExecuteChangeSet", "arn:aws:cloudformation:eu-central-1:" + here + ":stack/autobackup-prod/a", nil, true},
		{primary, "cloudformation:ExecuteChangeSet", "arn:aws:cloudformation:eu-central-1:" + here + ":stack/autobackup-replica-prod/a", nil, false},
		{replica, "cloudformation:DeleteStack", "arn:aws:cloudformation:eu-central-1:" + here + ":stack/autobackup-prod/a", nil, false},
		{replica, "cloudformation:DeleteStack", "arn:aws:cloudformation:eu-central-1:" + here + ":stack/autobackup-replica-prod/a", nil, true},
		{primary, "cloudformation:DeleteStack", "arn:aws:cloudformation:eu-central-1:" + here + ":stack/payroll/a", nil, false},
		{primary, "s3:PutBucketPolicy", "arn:aws:s3:::autobackup-prod-replica-documents-" + here, viaCloudFormation, false},
		{replica, "s3:PutBucketPolicy", "arn:aws:s3:::autobackup-prod-primary-documents-" + here, viaCloudFormation, false},
		{replica, "s3:PutBucketPolicy", "arn:aws:s3:::autobackup-prod-replica-documents-" + here, viaCloudFormation, true},
		{primary, "s3:GetObject", "arn:aws:s3:::autobackup-prod-primary-documents-" + here + "/a", nil, false},
		{primary, "s3:DeleteObject", "arn:aws:s3:::autobackup-prod-primary-documents-" + here + "/a", viaCloudFormation, false},
		{replica, "sqs:CreateQueue", "arn:aws:sqs:eu-central-1:" + here + ":autobackup-failure-queue-prod", viaCloudFormation, false},
		{replica, "iam:CreateRole", "arn:aws:iam::" + here + ":role/autobackup-prod-x", viaCloudFormation, false},
		{primary, "iam:CreateUser", "arn:aws:iam::" + here + ":user/eve", viaCloudFormation, false},
		{primary, "kms:ScheduleKeyDeletion", key, nil, false},
		{primary, "kms:ScheduleKeyDeletion", key, viaCloudFormation, true},
		{primary, "kms:Decrypt", key, viaCloudFormation, false},
	} {
		p := iam.Policies{Identity: []iam.Document{c.of}, ResourceOwner: here}
		if c.resource == key {
			p.Resource, p.ConsentNeeded = &leaves, true
		}
		assert.Equal(t, c.want, iam.Evaluate(iam.Request{Principal: session, Action: c.action, Resource: c.resource, Context: c.context}, p).Allowed, "%s on %s", c.action, c.resource)
	}
}

func TestWhoDeploysMakesRolesWithTheBoundaryAlone(t *testing.T) {
	const bound = "arn:aws:iam::" + here + ":policy/bound"
	for _, side := range []policy.Side{policy.Primary, policy.Replica} {
		role := "arn:aws:iam::" + here + ":role/autobackup-prod-x"
		if side == policy.Replica {
			role = "arn:aws:iam::" + here + ":role/autobackup-replica-prod-x"
		}
		for demanded, allowed := range map[string]map[string]bool{
			bound: {bound: true, bound + "2": false, "": false},
			"":    {bound: true, "": true},
		} {
			d := toDeploy(t, side, demanded)
			p := iam.Policies{Identity: []iam.Document{d}, ResourceOwner: here}
			may := func(action, resource string, context map[string][]string) bool {
				return iam.Evaluate(iam.Request{Principal: session, Action: action, Resource: resource, Context: context}, p).Allowed
			}
			for given, want := range allowed {
				context := map[string][]string{}
				if given != "" {
					context["iam:permissionsboundary"] = []string{given}
				}
				for _, action := range []string{"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", "iam:AttachRolePolicy", "iam:DetachRolePolicy"} {
					assert.Equal(t, want, may(action, role, context), "%s of %s with %q, where %q is demanded", action, side, given, demanded)
				}
				assert.False(t, may("iam:CreateRole", "arn:aws:iam::"+here+":role/admin", context))
				assert.False(t, may("iam:DeleteRolePermissionsBoundary", role, context))
				assert.False(t, may("iam:AttachRolePolicy", "arn:aws:iam::"+here+":role/admin", context))
				assert.False(t, may("iam:CreatePolicyVersion", bound, context), "the boundary itself would become another")
			}
			pass := map[string][]string{"iam:passedtoservice": {"lambda.amazonaws.com"}}
			assert.True(t, may("iam:PassRole", role, pass), side)
			assert.False(t, may("iam:PassRole", "arn:aws:iam::"+here+":role/admin", pass))
			pass["iam:passedtoservice"] = []string{"ec2.amazonaws.com"}
			assert.False(t, may("iam:PassRole", role, pass))
		}
	}
}
