package iam

import (
	"strings"
	"unicode/utf8"
)

// like says whether a text has a pattern's form: * stands for any characters, ? for
// one.
func like(pattern, text string) bool { return matches(pattern, text, 0) }

// resourceLike is like, for what stands in Resource. In the first five parts of an ARN,
// * and ? stay in their part, but a * that ends it may reach on.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func resourceLike(pattern, arn string) bool {
	return matches(pattern, arn, arnParts-1)
}

// arnParts are partition, service, region, account, resource, and arn before them.
const arnParts = 6

// arnLike says whether an ARN has a pattern's form, each of the six parts by itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func arnLike(pattern, arn string) bool {
	patterns, parts := strings.SplitN(pattern, ":", arnParts), strings.SplitN(arn, ":", arnParts)
	if len(patterns) != len(parts) {
		return false
	}
	for i := range patterns {
		if !like(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

// matches matches to the pattern's end. The next colons of the pattern end parts.
func matches(pattern, text string, colons int) bool {
	for pattern != "" {
		literal, size := next(pattern)
		switch pattern = pattern[size:]; {
		case size == 1 && literal == '*':
			return star(pattern, text, colons)
		case text == "":
			return false
		}
		r, width := utf8.DecodeRuneInString(text)
		if size == 1 && literal == '?' {
			if colons > 0 && r == ':' {
				return false
			}
		} else if literal != r {
			return false
		}
		if literal == ':' {
			colons--
		}
		text = text[width:]
	}
	return text == ""
}

// star matches what follows a * at every place that the * may reach.
func star(pattern, text string, colons int) bool {
	if pattern == "" {
		return true
	}
	free := colons <= 0 || pattern[0] == ':'
	for {
		if matches(pattern, text, colons) {
			return true
		}
		r, width := utf8.DecodeRuneInString(text)
		if text == "" || r == ':' && !free {
			return false
		}
		text = text[width:]
	}
}

// next is a pattern's first character and how much of the pattern it is: ${*}, ${?}
// and ${$} are plain characters.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
func next(pattern string) (rune, int) {
	if isPlain(pattern) {
		return rune(pattern[2]), len("${*}")
	}
	return utf8.DecodeRuneInString(pattern)
}

func isPlain(pattern string) bool {
	return len(pattern) >= 4 && pattern[:2] == "${" && strings.IndexByte("*?$", pattern[2]) >= 0 && pattern[3] == '}'
}

// plain is a value in which nothing stands for anything else.
func plain(value string) string {
	return strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$").Replace(value)
}

// variable is the first policy variable of a text that is more than a plain character.
func variable(text string) string {
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			return ""
		}
		text = text[at:]
		if !isPlain(text) {
			name, _, _ := strings.Cut(text, "}")
			return name + "}"
		}
		text = text[4:]
	}
}
