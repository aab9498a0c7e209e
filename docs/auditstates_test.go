package docs_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// drawn is a state machine, or a Map's, as far as a picture shows it.
type drawn struct {
	StartAt string
	States  map[string]drawnState
}

type drawnState struct {
	Type, Comment, Next, Default string
	End                          bool
	Choices                      []struct{ Next string }
	Catch                        []struct{ Next string }
	ItemProcessor                *drawn
}

// inOrder are the names of the states as the definition has them.
func inOrder(t *testing.T, definition []byte) (names []string) {
	t.Helper()
	d := jsontext.NewDecoder(strings.NewReader(string(definition)))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return names
		}
		if pointer := string(d.StackPointer()); token.Kind() == '"' && strings.HasSuffix(pointer, "/States/"+token.String()) {
			names = append(names, token.String())
		}
	}
}

// picture draws a state machine with its Maps' states inside of them.
func (m drawn) picture(order []string, indent string) string {
	var b strings.Builder
	line := func(from, to string) { fmt.Fprintf(&b, "%s%s --> %s\n", indent, from, to) }
	line("[*]", m.StartAt)
	for _, name := range order {
		s, ours := m.States[name]
		if !ours {
			continue
		}
		if s.ItemProcessor != nil {
			fmt.Fprintf(&b, "%sstate %s {\n%s%s}\n", indent, name, s.ItemProcessor.picture(order, indent+"    "), indent)
		}
		seen := map[string]bool{}
		for _, c := range s.Choices {
			line(name, c.Next)
		}
		for _, to := range []string{s.Default, s.Next} {
			if to != "" {
				line(name, to)
			}
		}
		for _, c := range s.Catch {
			if to := c.Next; !seen[to] && to != s.Next {
				seen[to] = true
				fmt.Fprintf(&b, "%s%s --> %s: error\n", indent, name, to)
			}
		}
		if s.End || s.Type == "Succeed" || s.Type == "Fail" {
			line(name, "[*]")
		}
	}
	return b.String()
}

func TestTheAuditPageDrawsTheStateMachineAndEveryStateSaysWhatItIsFor(t *testing.T) {
	definition := []byte(read(t, "../statemachine/audit.asl.json"))
	var m drawn
	require.NoError(t, json.Unmarshal(definition, &m))
	names := states(t, definition)
	order := inOrder(t, definition)
	assert.ElementsMatch(t, names, order)
	generated(t, "audit.md", between(t, read(t, "audit.md"), "states", "```mermaid\nstateDiagram-v2\n"+m.picture(order, "    ")+"```\n"))
}
