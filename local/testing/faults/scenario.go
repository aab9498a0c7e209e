package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Scenario is a world and what goes wrong in it.
type Scenario struct {
	World  string  `json:"world"`
	Faults []Fault `json:"faults"`
}

// Parse reads a scenario's file.
func Parse(text []byte) (s Scenario, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("scenario: %w; write it as a failed exploration prints it", err)
	}
	if d.More() {
		return s, fmt.Errorf("scenario: something follows the JSON object; write one scenario into a file")
	}
	if s.World == "" {
		return s, fmt.Errorf("scenario: it has no world; name one of those that are explored")
	}
	if len(s.Faults) == 0 {
		return s, fmt.Errorf("scenario: it has no faults; name at least one")
	}
	for n, f := range s.Faults {
		if err := f.check(); err != nil {
			return s, fmt.Errorf("scenario: faults[%d]: %w", n, err)
		}
	}
	return s, nil
}

func (f Fault) check() error {
	k, known := kinds[f.What]
	switch {
	case !known:
		return fmt.Errorf("what is %q; use one of %q", f.What, inOrder)
	case !slices.Contains(places, f.At):
		return fmt.Errorf("at is %q; use one of %q", f.At, places)
	case !slices.Contains(k.at, f.At):
		return fmt.Errorf("%q can't be made at the %s; use one of %q", f.What, f.At, k.at)
	case f.Done && !k.after:
		return fmt.Errorf("%q does nothing of what was asked for; leave done out", f.What)
	case !f.Done && !k.before:
		return fmt.Errorf("%q is an answer to what was done; set done", f.What)
	case f.Attempt < 1:
		return fmt.Errorf("attempt is %d; the first is 1", f.Attempt)
	case f.Minutes < 0:
		return fmt.Errorf("minutes is %d; leave it out for ever", f.Minutes)
	case f.Minutes > 0 && !f.Lasts:
		return fmt.Errorf("minutes is %d for one call alone; set lasts", f.Minutes)
	case f.Action == "" || f.Resource == "":
		return fmt.Errorf("it names no action or no resource; name both")
	case (f.Principal == "") != (f.At == Function):
		return fmt.Errorf("at is %s and the principal is %q; name one for a call, and none for an invocation", f.At, f.Principal)
	}
	return nil
}

// String is the scenario as its file.
func (s Scenario) String() string {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text) + "\n"
}
