package template

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (p *parameter) isList() bool { return p.kind == "CommaDelimitedList" || p.kind == "List<Number>" }

// items splits a list's text. An empty text is a list of one empty item, as in
// CloudFormation.
func (p *parameter) items(text string) []string {
	if !p.isList() {
		return []string{text}
	}
	items := strings.Split(text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// check holds a value against the constraints. Those of a list apply to each
// item.
func (p *parameter) check(text string) error {
	for _, item := range p.items(text) {
		problem := p.problem(item)
		if problem == "" {
			continue
		}
		shown := strconv.Quote(item)
		if p.noEcho {
			shown = "the value"
		}
		if p.hint != "" {
			problem += ": " + p.hint
		}
		return errors.New(shown + " " + problem)
	}
	return nil
}

// problem says what is wrong with one item, or nothing.
func (p *parameter) problem(item string) string {
	if strings.Contains(p.kind, "Number") {
		value, err := number(item)
		switch {
		case err != nil:
			return "is not a number"
		case p.minValue != nil && *value < *p.minValue:
			return fmt.Sprintf("is less than %v", *p.minValue)
		case p.maxValue != nil && *value > *p.maxValue:
			return fmt.Sprintf("is more than %v", *p.maxValue)
		}
	}
	length := float64(utf8.RuneCountInString(item))
	switch {
	case p.allowed != nil && !slices.Contains(p.allowed, item):
		return "is none of " + join(p.allowed)
	case p.pattern != nil && !p.pattern.MatchString(item):
		return "does not match " + p.written
	case p.minLength != nil && length < *p.minLength:
		return fmt.Sprintf("is shorter than %v characters", *p.minLength)
	case p.maxLength != nil && length > *p.maxLength:
		return fmt.Sprintf("is longer than %v characters", *p.maxLength)
	}
	return ""
}
