package policytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
)

// Printed is a policy that the program printed.
type Printed struct {
	Version   string
	Statement []map[string]any
}

// Print has the program print a policy: args stand behind `autobackup policy`.
func Print(t testing.TB, args ...string) (p Printed) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Equal(t, cli.Expected, cli.Run(append([]string{"policy"}, args...), &stdout, &stderr), stderr.String())
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &p))
	return p
}

// Without are the policies that lack one action of one statement each, by what they lack.
func (p Printed) Without() map[string]Printed {
	all := map[string]Printed{}
	for i, s := range p.Statement {
		actions := s["Action"].([]any) // as the program prints it
		for _, action := range actions {
			lacks := Printed{Version: p.Version, Statement: slices.Clone(p.Statement)}
			lacks.Statement[i] = map[string]any{}
			for name, value := range s {
				lacks.Statement[i][name] = value
			}
			lacks.Statement[i]["Action"] = slices.DeleteFunc(slices.Clone(actions), func(a any) bool { return a == action })
			if len(actions) == 1 {
				lacks.Statement = slices.Delete(lacks.Statement, i, i+1)
			}
			all[fmt.Sprint(action, " in ", s["Sid"])] = lacks
		}
	}
	return all
}
