package ministack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// model is what the AWS CLI knows about a service. By it the CLI refuses operations and
// options that don't exist; a value of an enumeration and a name in --query it takes as
// they are, and shows null for the latter.
type model struct {
	Operations map[string]struct{ Input, Output struct{ Shape string } }
	Shapes     map[string]struct {
		Enum               []string
		Members            map[string]struct{ Shape string }
		Member, Key, Value struct{ Shape string }
	}
}

// folders are the models that have another name than the command.
var folders = map[string]string{"s3api": "s3"}

var models sync.Map

// modelOf reads a service's model from the files of the AWS CLI that is typed.
func modelOf(t *testing.T, service string) model {
	t.Helper()
	if known, ok := models.Load(service); ok {
		return known.(model)
	}
	folder := service
	if other := folders[service]; other != "" {
		folder = other
	}
	program, err := filepath.EvalSymlinks(filepath.Join(filepath.Dir(*sam), "aws"))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(program), "awscli", "botocore", "data", folder, "*", "service-2.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "the AWS CLI knows no service %s", service)
	text, err := os.ReadFile(slices.Max(files)) // of the newest version of the service's API
	require.NoError(t, err)
	var m model
	require.NoError(t, json.Unmarshal(text, &m))
	models.Store(service, m)
	return m
}

// plain is a name as both spell it: start-message-move-task and StartMessageMoveTask.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "-", "")) }

// customs are commands of the CLI that are no operation of a service; it checks their options itself.
var customs = []string{"s3 cp", "logs tail", "cloudformation wait", "cloudformation deploy"}

// hold holds a call of the AWS CLI against the service's model.
func hold(t *testing.T, c invocation) {
	t.Helper()
	if len(c.words) < 3 || slices.Contains(customs, c.words[1]+" "+c.words[2]) {
		return
	}
	m := modelOf(t, c.words[1])
	operation := ""
	for name := range m.Operations {
		if plain(name) == plain(c.words[2]) {
			operation = name
		}
	}
	if !assert.NotEmpty(t, operation, "%s has no such operation", c) {
		return
	}
	input, output := m.Shapes[m.Operations[operation].Input.Shape], m.reachable(m.Operations[operation].Output.Shape)
	option := ""
	for _, word := range c.words[3:] {
		if strings.HasPrefix(word, "--") {
			option = strings.TrimPrefix(word, "--")
			continue
		}
		if option == "query" {
			for _, name := range names(word) {
				assert.Contains(t, output, name, "the answer to %s %s has nothing of this name", c.words[1], c.words[2])
			}
			continue
		}
		for name, member := range input.Members {
			if plain(name) != plain(option) {
				continue
			}
			shape := m.Shapes[member.Shape]
			if shape.Member.Shape != "" {
				shape = m.Shapes[shape.Member.Shape]
			}
			if len(shape.Enum) > 0 {
				assert.Contains(t, shape.Enum, word, "%s: --%s", c, option)
			}
		}
	}
}

// reachable are the names of everything in a shape, and of what a map of its may have.
func (m model) reachable(shape string) (all []string) {
	seen := map[string]bool{"": true}
	var walk func(name string)
	walk = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		s := m.Shapes[name]
		for member, of := range s.Members {
			all = append(all, member)
			walk(of.Shape)
		}
		walk(s.Member.Shape)
		walk(s.Value.Shape)
	}
	walk(shape)
	return append(all, keys...)
}

// keys are those of maps, which no model lists.
var keys = []string{"ConfirmationWasAuthenticated"} // https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html

// names are those of members in a JMESPath expression.
func names(expression string) []string {
	literals := regexp.MustCompile("'[^']*'|`[^`]*`|\"[^\"]*\"")
	return regexp.MustCompile(`[A-Za-z_]\w*`).FindAllString(literals.ReplaceAllString(expression, ""), -1)
}
