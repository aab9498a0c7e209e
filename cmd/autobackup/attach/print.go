package attach

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"autobackup/internal/attach"
)

// Forms are those of code that can be printed.
var Forms = []string{"terraform", "cloudformation", "aws"}

// print prints for the owner's code what each bucket's configuration becomes: all that
// stands there, and what attach would add. Without a form it is that of the code that owns
// the bucket.
func (r *Report) print(w io.Writer, form string) error {
	for _, b := range r.Buckets {
		if b.State == attach.Refused {
			b.Failed, b.Outcome = true, "not printed: "+string(b.State)
			continue
		}
		b.Outcome, b.well = "printed", true
		if err := b.print(w, cmp.Or(form, attach.Form(b.Facts.Tags))); err != nil {
			return err
		}
	}
	return nil
}

func (b *Result) print(w io.Writer, form string) error {
	write := map[string]func(attach.Bucket, attach.Configuration) string{"terraform": terraform, "cloudformation": cloudFormation, "aws": command}[form]
	text := write(b.Facts, b.Becomes)
	if len(b.Facts.Unmeasured()) > 0 {
		has := "No rule has"
		if b.Facts.Measured() {
			has = "Not every rule has"
		}
		text = "# " + has + " replication metrics, without which S3 tells of no failed replication. To have them, give each rule's\n" +
			"# destination metrics with the status Enabled in your replication configuration, then print this again.\n" + text
	}
	if b.State == attach.Waiting { // the failure queue's policy names the buckets that the stage takes
		text = "# The stage does not take this bucket yet. Let it first (--print parameters): S3 refuses a queue that does not take its messages.\n" + text
	}
	if _, err := fmt.Fprintf(w, "# %s: the whole of its notifications, with what attach adds.\n%s\n", b.Bucket, text); err != nil {
		return fmt.Errorf("print the code: %w", err)
	}
	return nil
}

// kinds are how each form calls targets.
var kinds = []kind{
	{"queue", "queue", "queue_arn", "QueueConfigurations", "Queue", "QueueConfigurations", "QueueArn"},
	{"topic", "topic", "topic_arn", "TopicConfigurations", "Topic", "TopicConfigurations", "TopicArn"},
	{"function", "lambda_function", "lambda_function_arn", "LambdaConfigurations", "Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"},
}

type kind struct{ kind, block, argument, list, property, cli, cliTarget string }

// ascii is JSON that means itself between a shell's single quotes.
func ascii(v any) string {
	var out strings.Builder
	for _, r := range encoded(v) {
		if r != '\'' && r >= ' ' && r <= '~' {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}

// quoted is a text in double quotes, as YAML and Terraform's language read it.
func quoted(v any) string {
	var out strings.Builder
	for _, r := range encoded(v) {
		switch {
		case unicode.IsPrint(r):
			out.WriteRune(r)
		case r < 1<<16:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
	}
	return out.String()
}

// hcl is a text in Terraform's language, in which ${ and %{ begin a template.
// https://developer.hashicorp.com/terraform/language/expressions/strings
func hcl(v any) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quoted(v))
}

func encoded(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // never: they are texts
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// terraform has a resource that replaces what stands there as a whole.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_notification
// https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers
func terraform(b attach.Bucket, c attach.Configuration) string {
	name := strings.ReplaceAll(b.Bucket, ".", "_") // with hyphens as they are, two buckets have two names
	if name[0] >= '0' && name[0] <= '9' {
		name = "b" + name
	}
	var out strings.Builder
	fmt.Fprintf(&out, "resource \"aws_s3_bucket_notification\" %q {\n  bucket      = %s\n  eventbridge = %t\n", name, hcl(b.Bucket), c.EventBridge)
	for _, k := range kinds {
		for _, n := range c.Notifications {
			if n.Kind != k.kind {
				continue
			}
			fmt.Fprintf(&out, "\n  %s {\n    id = %s\n    %s = %s\n    events = %s\n", k.block, hcl(n.ID), k.argument, hcl(n.Target), hcl(n.Events))
			for _, f := range n.Filters {
				if f.Value != "" {
					fmt.Fprintf(&out, "    filter_%s = %s\n", strings.ToLower(f.Name), hcl(f.Value))
				}
			}
			out.WriteString("  }\n")
		}
	}
	return out.String() + "}\n"
}

// cloudFormation has one event in each configuration, and no ids.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-notificationconfiguration.html
func cloudFormation(_ attach.Bucket, c attach.Configuration) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Of its AWS::S3::Bucket's Properties:\nNotificationConfiguration:\n  EventBridgeConfiguration:\n    EventBridgeEnabled: %t\n", c.EventBridge)
	for _, k := range kinds {
		if !slices.ContainsFunc(c.Notifications, func(n attach.Notification) bool { return n.Kind == k.kind }) {
			continue
		}
		fmt.Fprintf(&out, "  %s:\n", k.list)
		for _, n := range c.Notifications {
			if n.Kind != k.kind {
				continue
			}
			for _, event := range n.Events {
				fmt.Fprintf(&out, "    - Event: %s\n      %s: %s\n", quoted(event), k.property, quoted(n.Target))
				if len(n.Filters) > 0 {
					out.WriteString("      Filter:\n        S3Key:\n          Rules:\n")
				}
				for _, f := range n.Filters {
					fmt.Fprintf(&out, "            - Name: %s\n              Value: %s\n", quoted(strings.ToLower(f.Name)), quoted(f.Value))
				}
			}
		}
	}
	return out.String()
}

// command is for the aws CLI.
func command(b attach.Bucket, c attach.Configuration) string {
	all := map[string]any{}
	if c.EventBridge {
		all["EventBridgeConfiguration"] = map[string]any{}
	}
	for _, n := range c.Notifications {
		k := kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.kind == n.Kind })]
		list, argument := k.cli, k.cliTarget
		one := map[string]any{"Id": n.ID, argument: n.Target, "Events": n.Events}
		if len(n.Filters) > 0 {
			var rules []map[string]string
			for _, f := range n.Filters {
				rules = append(rules, map[string]string{"Name": f.Name, "Value": f.Value})
			}
			one["Filter"] = map[string]any{"Key": map[string]any{"FilterRules": rules}}
		}
		before, _ := all[list].([]any)
		all[list] = append(before, one)
	}
	return fmt.Sprintf("aws s3api put-bucket-notification-configuration --bucket %s --region %s --expected-bucket-owner %s \\\n  --notification-configuration '%s'\n", b.Bucket, b.Region, b.Account, ascii(all))
}
