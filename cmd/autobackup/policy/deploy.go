package policy

import (
	"bytes"
	"cmp"
	_ "embed" // for the policies
	"encoding/json"
	"fmt"
	"slices"
)

// leastToDeploy are the statements that it takes to deploy each stack, by side. The gate makes
// them of pipeline.yaml's, and holds them against what CloudFormation's schemas list.
//
//go:embed deploy.json
var leastToDeploy []byte

// toDeploy is the least policy of whoever deploys a stack without the pipeline.
func (o Options) toDeploy() (Document, error) {
	var of map[Side][]Statement
	if err := o.fill(leastToDeploy, &of); err != nil {
		return Document{}, err
	}
	statements := of[o.Side]
	for i, s := range statements {
		if o.Boundary == "" && slices.Equal(s.keys(), []string{"iam:PermissionsBoundary"}) {
			statements[i].Condition = nil
		}
		if o.Tags {
			statements[i].Action = append(s.Action, ofTags[s.Sid]...)
		}
	}
	return Document{Version: version, Statement: statements}, nil
}

// ofTags are the actions that CloudFormation needs besides where a whole stack has tags, by the
// statement. The pipeline's role has none for keys: docs/decisions/0036.
var ofTags = map[string][]string{"Roles": {"iam:ListRoleTags"}, "Keys": {"kms:TagResource", "kms:UntagResource"}}

// fill reads statements in which the words of the templates stand for what is not known before.
func (o Options) fill(text []byte, into any) error {
	account := cmp.Or(o.Account, noAccount)
	for word, value := range map[string]string{
		"AWS::Partition": o.Partition, "AWS::AccountId": account, "ReplicaAccount": cmp.Or(o.ReplicaAccount, account),
		"Stage": o.Stage, "PermissionsBoundaryArn": o.Boundary,
		"RolePath": cmp.Or(o.RolePath, "/"), "RoleNamePrefix": o.RoleNamePrefix,
	} {
		text = bytes.ReplaceAll(text, []byte("${"+word+"}"), []byte(value))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read a policy that is part of this program: %w", err)
	}
	return nil
}

// keys are those that a statement's conditions ask for.
func (s Statement) keys() (all []string) {
	for _, keys := range s.Condition {
		for key := range keys {
			all = append(all, key)
		}
	}
	return all
}
