package alert

import (
	"fmt"
	"regexp"
	"strings"
)

// execution matches an execution's ARN that can be put into a link as it is.
var execution = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):states:([a-z0-9-]+):[0-9]{12}:execution:[A-Za-z0-9_-]{1,80}:[A-Za-z0-9_.+=@-]{1,80}$`)

// consoles has, for each partition, what its regions begin with and the console's
// domain, below which every region has a host of its own
// (https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html,
// https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html,
// https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/accessing-govcloud.html).
// A partition that is not here gets no link rather than a wrong one.
var consoles = map[string]struct{ regions, domain string }{
	"aws":        {"", "console.aws.amazon.com"},
	"aws-cn":     {"cn-", "console.amazonaws.cn"},
	"aws-us-gov": {"us-gov-", "console.amazonaws-us-gov.com"},
}

// link is the console's page of an execution, or empty where none is known.
func link(arn string) string {
	match := execution.FindStringSubmatch(arn)
	if match == nil {
		return ""
	}
	console, region := consoles[match[1]], match[2]
	if !strings.HasPrefix(region, console.regions) {
		return ""
	}
	return fmt.Sprintf("https://%s.%s/states/home?region=%s#/v2/executions/details/%s", region, console.domain, region, arn)
}
