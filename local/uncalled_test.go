package local_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// uncalled are calls that the templates grant to what runs by itself, and that nobody makes in an
// explored world, so that no fault of them was tried: each with a reason.
var uncalled = map[string]string{
	` xray:`: "nothing is traced here",
	`StateMachineRole states:(Describe|Stop|Redrive)Execution$`: "distributed Maps need no call for their children here",
	`AuditStateMachineRole states:StartExecution$`:              "AWS asks for it for each child of a Map Run; the local stack does not",
	` s3:(ListMultipartUploadParts|AbortMultipartUpload)$`:      "results of Map Runs are one part here",
	` s3:ListBucket(Versions)?$`:                                "no call of its own: with it S3 tells what is missing from what is refused",
	` s3:GetObject(Retention|LegalHold)$`:                       "S3 asks for it beside a HEAD of what is locked, and nothing here is",
	` s3:GetObjectVersionAnnotationForReplication$`:             "there are no annotations here",
	`ValidationPipeRole logs:`:                                  "made where no execution can be started, so only after a fault",
	`ValidationStateMachineRole(, SNSKey)? (sns:Publish|kms:)`:  "made where the failure queue can't be reached: scenarios in testdata/faults have faults of both",
	`^autobackup-dev-audit states:DescribeExecution$`:           "made of an audit that holds a lock: TestEveryGrantOfAuditsIsUsed has one",
}

// doings are calls by who makes them: a role or a service, and of a key which.
func doings(all map[grant]bool) map[string]bool {
	made := map[string]bool{}
	for g := range all {
		who, of, _ := strings.Cut(g.policy, ", ")
		who, _, _ = strings.Cut(who, "/")
		if of != "" {
			who += ", " + of
		}
		made[who+" "+g.action] = true
	}
	return made
}

// runs are those of what runs by itself: functions, state machines, the pipe, replication. Of a policy
// that no role has in these worlds, the name has no other part.
var runs = regexp.MustCompile(`^autobackup-(replica-)?dev-.*/`)

// No call of the product is one that no fault was tried of, but for a reason.
func TestEveryCallThatIsGrantedIsMadeInAnExploredWorld(t *testing.T) {
	granted, made := map[grant]bool{}, map[grant]bool{}
	for _, name := range slices.Sorted(maps.Keys(exploredWorlds)) {
		if of := exploredWorlds[name]; of.own+of.others > 0 {
			clean := cleanly(t, name)
			maps.Copy(granted, clean.granted)
			maps.Copy(made, clean.used)
		}
	}
	maps.DeleteFunc(granted, func(g grant, _ bool) bool { return !runs.MatchString(g.policy) || category.MatchString(g.policy) })
	does, never := doings(made), map[string]bool{}
	for g := range doings(granted) {
		if !does[g] {
			never[g] = true
		}
	}
	for pattern, why := range uncalled {
		of := regexp.MustCompile(pattern)
		count := len(never)
		maps.DeleteFunc(never, func(g string, _ bool) bool { return of.MatchString(g) })
		assert.Less(t, len(never), count, "%s is made, or granted to nobody, and has a reason not to be: %s", pattern, why)
	}
	assert.Empty(t, slices.Sorted(maps.Keys(never)), "granted, and made in no explored world: make it in one, or say why not")
}
