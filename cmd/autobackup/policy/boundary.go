package policy

import (
	_ "embed" // for the policy
	"slices"
)

// mostOfRoles are the statements of a permissions boundary. Tests hold them against the policies
// of the templates' roles, in both directions.
//
//go:embed boundary.json
var mostOfRoles []byte

// boundary is a managed policy under which the roles of both stacks do all that they are there for,
// and nothing else, whatever policies somebody gives them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
//
// A managed policy has no room for the names of many existing buckets, and a boundary that
// named them would have to change with each: with Attached the roles' own policies say which.
func (o Options) boundary() (Document, error) {
	var statements []Statement
	if err := o.fill(mostOfRoles, &statements); err != nil {
		return Document{}, err
	}
	for i, s := range statements {
		switch {
		case s.Sid == "Keys":
			statements[i].Resource = slices.Concat(s.Resource, o.Keys, o.ReplicaKeys)
		case s.Sid == "Topics" && o.Topic != "":
			statements[i].Resource = []string{o.Topic}
		case s.Sid == "Functions" && o.ReplicaAccount == "": // the account's are all of them
			statements[i].Resource = s.Resource[:1]
		case o.Attached && (s.Sid == "PrimaryBuckets" || s.Sid == "ReplicaBuckets"):
			statements[i].Resource = []string{"arn:" + o.Partition + ":s3:::*"}
		case o.Attached && s.Sid == "Versions":
			statements[i].Resource = []string{"arn:" + o.Partition + ":s3:::*/*"}
		}
	}
	return Document{Version: version, Statement: statements}, nil
}
