package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// version is the one that policies here are written in. In the older one, which is
// meant where none is written, ${*} is no plain character.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const version = "2012-10-17"

// Parse reads a policy. What it doesn't know, it refuses by name.
func Parse(text []byte, kind Kind) (Document, error) {
	d, err := parse(text, kind)
	if err != nil {
		return Document{}, fmt.Errorf("read the %s: %w", kind, err)
	}
	return d, nil
}

func parse(text []byte, kind Kind) (Document, error) {
	if !utf8.Valid(text) {
		return Document{}, errors.New("it is not written in UTF-8")
	}
	fields, err := object(text, "Version", "Statement")
	if err != nil {
		return Document{}, err
	}
	var written string
	if json.Unmarshal(fields["Version"], &written) != nil || written != version {
		return Document{}, fmt.Errorf("its Version must be %q", version)
	}
	statements, err := list(fields["Statement"])
	if err != nil || len(statements) == 0 {
		return Document{}, errors.Join(errors.New("it has no Statement"), err)
	}
	d := Document{Kind: kind}
	for i, raw := range statements {
		s, err := statement(raw, kind)
		d.Statements = append(d.Statements, s)
		if err == nil && s.Sid != "" && slices.ContainsFunc(d.Statements[:i], func(o Statement) bool { return o.Sid == s.Sid }) {
			err = errors.New("another has the same Sid")
		}
		if err != nil {
			return Document{}, fmt.Errorf("statement %s: %w", d.ID(i), err)
		}
	}
	return d, nil
}

// object reads a JSON object with these members at most, each once.
func object(raw []byte, known ...string) (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	err := each(raw, func(name string, value json.RawMessage) error {
		switch {
		case len(known) > 0 && !slices.Contains(known, name):
			return fmt.Errorf("the element %s is not known here: correct its name, or leave it out", name)
		case fields[name] != nil:
			return fmt.Errorf("%s stands twice", name)
		}
		fields[name] = value
		return nil
	})
	return fields, err
}

// filled reads a JSON object with one member at least.
func filled(raw []byte) (map[string]json.RawMessage, error) {
	fields, err := object(raw)
	if err == nil && len(fields) == 0 {
		err = errors.New("it is empty: leave it out")
	}
	return fields, err
}

// each reads the members of a JSON object in their order.
func each(raw []byte, member func(name string, value json.RawMessage) error) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return errors.Join(errors.New("it is no JSON object"), err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if err := member(name.(string), value); err != nil { // the decoder takes no other names
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the JSON object")
	}
	return nil
}

// list reads one or many.
func list(raw json.RawMessage) ([]json.RawMessage, error) {
	if len(raw) == 0 || raw[0] != '[' {
		return slices.DeleteFunc([]json.RawMessage{raw}, func(r json.RawMessage) bool { return len(r) == 0 }), nil
	}
	var many []json.RawMessage
	err := json.Unmarshal(raw, &many)
	return many, err
}

// texts reads one or many texts. Conditions take numbers and booleans for texts, as
// IAM does.
func texts(raw json.RawMessage, scalars bool) ([]string, error) {
	values, err := list(raw)
	if err != nil || len(values) == 0 {
		return nil, errors.Join(errors.New("it has no value"), err)
	}
	var all []string
	for _, value := range values {
		var text string
		err := json.Unmarshal(value, &text)
		if isScalar := strings.IndexByte(`{["n`, value[0]) < 0; scalars && isScalar {
			text, err = string(value), nil
		}
		if err != nil || value[0] == 'n' {
			return nil, fmt.Errorf("%s is no text", value)
		}
		all = append(all, text)
	}
	return all, nil
}
