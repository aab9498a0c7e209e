package report

import (
	"embed"
	"io"
	"strings"
	"text/template"

	"autobackup/internal/audit"
	"autobackup/internal/shell"
	"autobackup/internal/text"
)

//go:embed *.tmpl
var templates embed.FS

var mendTemplate = template.Must(template.New("mend.md.tmpl").Funcs(template.FuncMap{"counted": counted}).ParseFS(templates, "mend.md.tmpl"))

// mending writes what mend.md says.
func (w *writer) mending(to io.Writer, reports []audit.Report) error {
	return mendTemplate.Execute(to, map[string]any{
		"Pairs":    pairs(reports),
		"Primary":  reports[0].Primary,
		"Manifest": w.manifest.count,
		"Redacted": w.o.RedactKeys,
		"Unlooked": reports[0].Level == audit.Listed,
		"Job":      CreateJob(reports[0].Primary, w.path),
		"Role":     JobRole(reports[0].Primary),
		"Copies":   w.copies.commands(reports[0].Primary),
		"More":     w.copies.count - int64(len(w.copies.items)),
		"Count":    w.copies.count,
	})
}

func pairs(reports []audit.Report) string {
	names := make([]string, 0, len(reports))
	for _, r := range reports {
		names = append(names, pair(r))
	}
	return strings.Join(names, ", ")
}

// CreateJob are the commands that have S3 Batch Operations replicate what manifest.csv
// lists. The manifest is stored under SSE-S3, as S3 takes none under a KMS key; STORE
// and ROLE are for whoever does so to say. They are empty for what is not AWS.
func CreateJob(primary audit.SideReport, folder string) string {
	if primary.Endpoint != "" {
		return ""
	}
	region, account := shell.InRegion(primary.Region), primary.Account
	if !digits(account) {
		account = "ACCOUNT" // of the primary bucket
	}
	arn := "arn:" + partition(primary.Region)
	return strings.Join([]string{
		"store=STORE",
		"role=" + arn + ":iam::" + account + ":role/ROLE",
		"etag=$(aws s3api put-object" + region + ` --bucket "$store" --key autobackup/` + manifestFile + " --body " +
			pathWord(folder, manifestFile) + ` --server-side-encryption AES256 --query ETag --output text | tr -d '"')`,
		"aws s3control create-job" + region + " --account-id " + account + ` --operation '{"S3ReplicateObject":{}}' --priority 10 --role-arn "$role" \`,
		`  --manifest "Spec={Format=S3BatchOperations_CSV_20180820,Fields=[Bucket,Key,VersionId]},Location={ObjectArn=` + arn + `:s3:::${store}/autobackup/` + manifestFile + `,ETag=$etag}" \`,
		`  --report "Bucket=` + arn + `:s3:::${store},Prefix=autobackup/batch-replication,Format=Report_CSV_20180820,Enabled=true,ReportScope=FailedTasksOnly" \`,
		"  --description 'what autobackup audit found missing' --no-confirmation-required",
	}, "\n") + "\n"
}

// Role is what the job may do, and who may take it.
type Role struct{ Trust, Permissions string }

// JobRole is the role of the job, with what AWS asks for where the manifest is one's
// own
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-policies.html).
func JobRole(primary audit.SideReport) Role {
	arn := "arn:" + partition(primary.Region) + ":s3:::"
	return Role{
		Trust: `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"Service": "batchoperations.s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
]}`,
		Permissions: `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:InitiateReplication", "Resource": "` + arn + text.Line(primary.Bucket, 63) + `/*"},
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": "` + arn + `STORE/autobackup/` + manifestFile + `"},
  {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "` + arn + `STORE/autobackup/batch-replication/*"}
]}`,
	}
}

// partition is the first word of ARNs of a region
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
