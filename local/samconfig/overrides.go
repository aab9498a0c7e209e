package samconfig

import (
	"fmt"
	"regexp"
	"strings"
)

// assignment is one Key=Value at the beginning of a text. The value can stand
// in quotes; a backslash keeps the next character from ending it. See
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-deploy.html
var assignment = regexp.MustCompile(`^\s*([A-Za-z0-9]+)=("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|[^\s"\\])+)(?:\s+|$)`)

var unescape = strings.NewReplacer(`\ `, ` `, `\"`, `"`, `\'`, `'`)

// overrides reads "A=b C='d e'", or a list of such texts. A later one wins.
func overrides(option any) (map[string]string, error) {
	values := map[string]string{}
	texts, isList := option.([]any)
	if !isList && option != nil {
		texts = []any{option}
	}
	for _, item := range texts {
		text, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("must be text or a list of texts, not %v", item)
		}
		if err := assign(values, text); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func assign(values map[string]string, text string) error {
	for rest := text; strings.TrimSpace(rest) != ""; {
		match := assignment.FindStringSubmatch(rest)
		if match == nil || match[1] == "ParameterKey" {
			return fmt.Errorf("%q does not begin with Name=value or Name=\"a value\"", rest)
		}
		value := match[2]
		if quote := value[0]; (quote == '"' || quote == '\'') && len(value) > 1 && value[len(value)-1] == quote {
			value = value[1 : len(value)-1]
		}
		values[match[1]] = unescape.Replace(value)
		rest = rest[len(match[0]):]
	}
	return nil
}
