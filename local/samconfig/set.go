package samconfig

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Override is a parameter of a template with its value.
type Override struct{ Name, Value string }

// Set gives parameters of an environment other values: in the place where they stand in its
// parameter_overrides, or else at its end. Every other byte of the file stays as it is,
// comments among them.
func Set(source []byte, environment string, overrides []Override) ([]byte, error) {
	c, err := Load(source)
	if err != nil {
		return nil, err
	}
	if _, err := c.Environment(environment); err != nil {
		return nil, err
	}
	for _, o := range overrides {
		if o.Value != "" && !plain.MatchString(o.Value) {
			return nil, fmt.Errorf("samconfig.toml: the value %q of %s has a space, a quote, a backslash or what is not ASCII in it, which SAM may read otherwise: write it by hand", o.Value, o.Name)
		}
	}
	var all []literal
	for _, command := range []string{"deploy", "global"} {
		if all = literals(source, environment, command, "parameters", "parameter_overrides"); len(all) > 0 {
			break
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("samconfig.toml: write parameter_overrides = \"Stage=...\" in [%s.global.parameters] or [%[1]s.deploy.parameters], each as a table of its own: what is set comes into that", environment)
	}
	left := slices.Clone(overrides)
	for i := range all {
		if all[i].text, left, err = replace(all[i].text, overrides, left); err != nil {
			return nil, err
		}
	}
	last := &all[len(all)-1]
	for _, o := range left {
		if last.text = strings.TrimRight(last.text, " "); last.text != "" && !strings.HasSuffix(last.text, "\n") {
			last.text += " "
		}
		last.text += o.text()
	}
	var out []byte
	from := 0
	for _, l := range all {
		out = append(append(out, source[from:l.begin]...), l.encoded()...)
		from = l.end
	}
	return append(out, source[from:]...), nil
}

// literal is a text in the file, from its first quote to behind its last.
type literal struct {
	begin, end int
	text       string
	lines      bool // in quotes that lines may stand between
}

// literals are the text, or the list's texts, at a path.
func literals(source []byte, path ...string) (all []literal) {
	p := unstable.Parser{}
	p.Reset(source)
	var table []string
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = keys(e)
		case unstable.ArrayTable: // what SAM has no use for
			table = []string{""}
		case unstable.KeyValue:
			if !slices.Equal(append(slices.Clone(table), keys(e)...), path) {
				continue
			}
			value := e.Value()
			if value.Kind == unstable.Array {
				value = value.Child()
			}
			for ; value.Valid(); value = value.Next() {
				if value.Kind != unstable.String {
					break // the keys come behind a value that is no list
				}
				raw := string(p.Raw(value.Raw))
				begin := int(value.Raw.Offset)
				all = append(all, literal{begin, begin + len(raw), string(value.Data), strings.HasPrefix(raw, `"""`) || strings.HasPrefix(raw, "'''")})
			}
			return all
		default:
		}
	}
	return nil
}

func keys(e *unstable.Node) (path []string) {
	for i := e.Key(); i.Next(); {
		path = append(path, string(i.Node().Data))
	}
	return path
}

// replace puts the values in the place of those of the same names, and returns what is left
// to be put somewhere else.
func replace(text string, overrides, left []Override) (string, []Override, error) {
	var out strings.Builder
	for rest := text; strings.TrimSpace(rest) != ""; {
		match := assignment.FindStringSubmatchIndex(rest)
		if match == nil {
			return "", nil, errors.New("samconfig.toml: parameter_overrides is not of the form Name=value Name=\"a value\"")
		}
		name := rest[match[2]:match[3]]
		i := slices.IndexFunc(overrides, func(o Override) bool { return o.Name == name })
		if i < 0 {
			out.WriteString(rest[:match[1]])
		} else {
			out.WriteString(rest[:match[2]] + overrides[i].text() + rest[match[5]:match[1]])
			left = slices.DeleteFunc(left, func(o Override) bool { return o.Name == name })
		}
		rest = rest[match[1]:]
	}
	return out.String(), left, nil
}

var plain = regexp.MustCompile(`^[!#-&(-\[\]-~]+$`)

// text is an assignment. SAM drops what has neither a value nor quotes.
func (o Override) text() string {
	if o.Value == "" {
		return o.Name + "=''"
	}
	return o.Name + "=" + o.Value
}

// encoded is a text in TOML's double quotes.
// https://toml.io/en/v1.0.0#string
func (l literal) encoded() string {
	var out strings.Builder
	for _, r := range l.text {
		switch {
		case r == '"' || r == '\\':
			out.WriteString(`\` + string(r))
		case r == '\n' && l.lines, r == '\t', r >= ' ' && r != 0x7f:
			out.WriteRune(r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	if l.lines {
		return `"""` + "\n" + out.String() + `"""`
	}
	return `"` + out.String() + `"`
}
