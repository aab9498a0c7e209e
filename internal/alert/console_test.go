package alert_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/alert"
)

func TestALinkLeadsToTheConsoleOfThePartition(t *testing.T) {
	const name = ":111122223333:execution:autobackup-validation-prod:read-059f36b4"
	for arn, console := range map[string]string{
		"arn:aws:states:eu-central-1" + name:            "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1",
		"arn:aws-cn:states:cn-north-1" + name:           "https://cn-north-1.console.amazonaws.cn/states/home?region=cn-north-1",
		"arn:aws-us-gov:states:us-gov-west-1" + name:    "https://us-gov-west-1.console.amazonaws-us-gov.com/states/home?region=us-gov-west-1",
		"arn:aws-iso:states:us-iso-east-1" + name:       "", // what is not known gets no link
		"arn:aws-cn:states:eu-central-1" + name:         "",
		"arn:aws-us-gov:states:cn-north-1" + name:       "",
		"arn:aws:states:evil.example/" + name:           "",
		"arn:aws:sqs:eu-central-1" + name:               "",
		"arn:aws:states:eu-central-1" + name + "/#x":    "",
		"arn:aws:states:eu-central-1" + name + "\nhttp": "",
		"xarn:aws:states:eu-central-1" + name:           "",
		"not known":                                     "",
	} {
		x := workflowError()
		x.Execution = arn
		got := alert.Compose(prod, news(x)).Message
		assert.Contains(t, got, "\n  Execution:       ")
		if console == "" {
			assert.NotContains(t, got, "/states/home", arn)
			assert.Regexp(t, `\n  Execution:       [^\n]*\n\n  What S3 answers now:`, got, "nothing stands in place of the link")
			continue
		}
		assert.Contains(t, got, "\n                   "+console+"#/v2/executions/details/"+arn+"\n")
		assert.Equal(t, 1, strings.Count(got, "/states/home"), arn)
	}
}
