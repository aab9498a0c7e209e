package logs_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/logs"
	"autobackup/local/template"
)

const (
	account = "123456789012"
	region  = "eu-central-1"
	name    = "/aws/lambda/f"
	group   = "arn:aws:logs:" + region + ":" + account + ":log-group:" + name
)

var target = template.Target{Stack: "stack", Region: region, Account: account}

func deploy(t *testing.T, s *logs.Service, days int) (template.Made, error) {
	t.Helper()
	r := template.Resource{LogicalID: "Group", Type: "AWS::Logs::LogGroup", Properties: map[string]any{"LogGroupName": name}}
	if days > 0 {
		r.Properties["RetentionInDays"] = days
	}
	reference, attributes, err := s.Types().Create(target, r)
	return template.Made{Resource: r, Reference: reference, Attributes: attributes}, err
}

func TestLinesStayForTheGroupsRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for days, left := range map[int]int{7: 1, 0: 2} {
			s := logs.New(clock.Real())
			made, err := deploy(t, s, days)
			require.NoError(t, err)
			assert.Equal(t, "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/f:*", made.Attributes["Arn"])
			by := s.As(gate.Caller{})
			require.NoError(t, by.Put(group, "a", "old"))
			time.Sleep(6 * 24 * time.Hour)
			require.NoError(t, by.Put(group, "a", "new"))
			require.Len(t, s.Lines(group), 2)
			time.Sleep(2 * 24 * time.Hour)
			lines := s.Lines(group)
			require.Len(t, lines, left)
			assert.Equal(t, "new", lines[left-1].Text)
		}
	})
}

// mebibyte is a line that is counted as one MiB.
func mebibyte(i int) string { return fmt.Sprintf("%04d", i) + strings.Repeat(".", 1<<20-30) }

func TestAGroupKeepsItsNewestLines(t *testing.T) {
	s := logs.New(clock.Real())
	_, err := deploy(t, s, 0)
	require.NoError(t, err)
	for range 5000 {
		require.NoError(t, s.As(gate.Caller{}).Put(group, "a", "short"))
	}
	assert.Equal(t, 5000, len(s.Lines(group)))
	for i := range 40 {
		require.NoError(t, s.As(gate.Caller{}).Put(group, "a", mebibyte(i)))
	}
	lines := s.Lines(group)
	require.Equal(t, 32, len(lines), "of 32 MiB")
	assert.Equal(t, "0008", lines[0].Text[:4])
	assert.Equal(t, "0039", lines[31].Text[:4])
}

func TestAGroupIsMadeOnceAndGoneWhenDeleted(t *testing.T) {
	s := logs.New(clock.Real())
	made, err := deploy(t, s, 0)
	require.NoError(t, err)
	_, err = deploy(t, s, 0)
	require.ErrorContains(t, err, "The specified log group already exists")
	assert.True(t, s.Has(made.Attributes["Arn"]))
	assert.Equal(t, []string{group}, s.Groups())
	require.NoError(t, s.Types().Delete(target, made))
	assert.False(t, s.Has(made.Attributes["Arn"]))
	assert.Empty(t, s.Lines(group))
	require.ErrorContains(t, s.As(gate.Caller{}).Put(group, "a", "x"), "ResourceNotFoundException: The specified log group does not exist.")
}

func TestWhoWritesNeedsToMakeAStreamAndToPutEvents(t *testing.T) {
	for _, missing := range []string{"logs:CreateLogStream", "logs:PutLogEvents", ""} {
		g := gate.New(account)
		s := logs.New(clock.Real())
		s.Gate = g
		_, err := deploy(t, s, 0)
		require.NoError(t, err)
		var actions []any
		for _, action := range []any{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups"} {
			if action != missing {
				actions = append(actions, action)
			}
		}
		_, attributes, err := g.Types().Create(target, template.Resource{LogicalID: "Role", Type: "AWS::IAM::Role", Properties: map[string]any{
			"AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}},
			"Policies": []any{map[string]any{"PolicyName": "log", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
				"Effect": "Allow", "Action": actions, "Resource": group + ":*",
			}}}},
		}})
		require.NoError(t, err)
		by, err := g.Assume(attributes["Arn"], "lambda.amazonaws.com", "f")
		require.NoError(t, err)
		err = s.As(by).Put(group, "a", "x")
		if missing == "" {
			require.NoError(t, err)
			require.Error(t, s.As(by).Put(group+"-other", "a", "x"), "another function's group")
			continue
		}
		require.ErrorContains(t, err, "AccessDeniedException")
		require.ErrorContains(t, err, missing)
		assert.Empty(t, s.Lines(group))
	}
}
