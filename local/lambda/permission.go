package lambda

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"autobackup/local/iam"
	"autobackup/local/template"
)

// permissionProperties are those of AWS::Lambda::Permission, of which each adds a statement
// to the policy of a function.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
type permissionProperties struct {
	Action        string `cfn:",required"`
	FunctionName  string `cfn:",required"`
	Principal     string `cfn:",required"`
	SourceAccount string
	SourceArn     string
}

var (
	digits = regexp.MustCompile(`^[0-9]{12}$`)
	anARN  = regexp.MustCompile(`^(\*|arn:.*)$`)
)

// statement is what Lambda makes of a permission: an account's number stands for the account.
// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
func (p permissionProperties) statement(sid, functionARN string) map[string]any {
	who := map[string]any{"Service": p.Principal}
	switch {
	case digits.MatchString(p.Principal):
		who = map[string]any{"AWS": "arn:aws:iam::" + p.Principal + ":root"}
	case anARN.MatchString(p.Principal):
		who = map[string]any{"AWS": p.Principal}
	}
	s := map[string]any{"Sid": sid, "Effect": "Allow", "Principal": who, "Action": p.Action, "Resource": functionARN}
	conditions := map[string]any{}
	if p.SourceAccount != "" {
		conditions["StringEquals"] = map[string]any{"aws:SourceAccount": p.SourceAccount}
	}
	if p.SourceArn != "" {
		conditions["ArnLike"] = map[string]any{"aws:SourceArn": p.SourceArn}
	}
	if len(conditions) > 0 {
		s["Condition"] = conditions
	}
	return s
}

func (s *Service) deployPermission(t template.Target, r template.Resource, p permissionProperties) (string, map[string]string, error) {
	f, err := s.find(t.Region, p.FunctionName)
	if err != nil {
		return "", nil, r.Errorf("FunctionName", "%w", err)
	}
	if p.Action != "lambda:InvokeFunction" {
		return "", nil, r.Errorf("Action", "%s is not supported here: nothing but lambda:InvokeFunction is done to functions", p.Action)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sid := s.sid(f.ARN, t.Stack+"-"+r.LogicalID)
	statements := append(s.permissions[f.ARN], p.statement(sid, f.ARN))
	if err := s.Gate.Attach(f.ARN, iam.Function, map[string]any{"Version": "2012-10-17", "Statement": statements}); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	s.permissions[f.ARN] = statements
	return sid, nil, nil
}

// sid is the name of a statement in a function's policy: a number follows while that is taken,
// as by the statement that it replaces. s.mu is held.
func (s *Service) sid(functionARN, name string) string {
	sid := name
	taken := func(statement any) bool { return statement.(map[string]any)["Sid"] == sid } //nolint:forcetypeassert // made by statement
	for n := 2; slices.ContainsFunc(s.permissions[functionARN], taken); n++ {
		sid = fmt.Sprintf("%s-%d", name, n)
	}
	return sid
}

// removePermission takes a permission's statement out of its function's policy.
func (s *Service) removePermission(t template.Target, made template.Made) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for functionARN, statements := range s.permissions {
		left := slices.DeleteFunc(slices.Clone(statements), func(statement any) bool {
			return statement.(map[string]any)["Sid"] == made.Reference //nolint:forcetypeassert // made by statement
		})
		if len(left) == len(statements) || !strings.HasPrefix(functionARN, t.ARN("lambda", "")) {
			continue
		}
		if len(left) == 0 {
			delete(s.permissions, functionARN)
			s.Gate.Detach(functionARN)
			return nil
		}
		s.permissions[functionARN] = left
		return s.Gate.Attach(functionARN, iam.Function, map[string]any{"Version": "2012-10-17", "Statement": left})
	}
	return nil
}
