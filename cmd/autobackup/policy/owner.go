package policy

import (
	"cmp"

	"autobackup/internal/attach"
)

// OwnerFile is what the owner of replicas in another account adds to policies there: to each
// bucket's, and to each key's.
type OwnerFile struct {
	BucketPolicies map[string][]attach.Statement `json:"bucketPolicies"`
	KeyPolicies    map[string][]attach.Statement `json:"keyPolicies"`
}

// ForOwner are the statements that let the stage look at replicas. It is nothing that a role
// of the owner's is given.
func ForOwner(o Options) (OwnerFile, error) {
	if err := o.check(); err != nil {
		return OwnerFile{}, err
	}
	stage := attach.Stage{Name: o.Stage, Account: cmp.Or(o.Account, noAccount), Partition: o.Partition}
	stage = stage.Named(map[string]string{"RolePath": o.RolePath, "RoleNamePrefix": o.RoleNamePrefix})
	file := OwnerFile{BucketPolicies: map[string][]attach.Statement{}, KeyPolicies: map[string][]attach.Statement{}}
	if len(o.Replicas) == 0 {
		o.Replicas = []string{noReplica}
	}
	for _, bucket := range o.Replicas {
		file.BucketPolicies[bucket] = stage.Statements(bucket, o.HeadOnly)
		if o.Audits {
			file.BucketPolicies[bucket] = append(file.BucketPolicies[bucket], stage.AuditStatement(bucket))
		}
	}
	for _, key := range o.ReplicaKeys {
		statement, err := stage.KeyStatement(key)
		if err != nil {
			return file, err
		}
		file.KeyPolicies[key] = []attach.Statement{statement}
	}
	return file, nil
}
