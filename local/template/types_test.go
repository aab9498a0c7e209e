package template_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

var types = template.Merge(
	template.Types{"AWS::SQS::Queue": template.Make(map[string]string{"Tags": "nobody reads them"},
		func(t template.Target, _ template.Resource, p struct{ QueueName string }) (string, map[string]string, error) {
			return p.QueueName, map[string]string{"Arn": t.ARN("sqs", p.QueueName)}, nil
		}, func(_ template.Target, made template.Made) error {
			if made.Reference == "full" {
				return errors.New("it is full")
			}
			return nil
		})},
	template.Types{
		"AWS::KMS::Alias": template.Ignore("nothing is encrypted", nil),
		"AWS::KMS::Key": template.Ignore("nothing is encrypted", func(t template.Target, name string) map[string]string {
			return map[string]string{"Arn": t.ARN("kms", "key/"+name)}
		}),
	},
)

// created is what is created of the resource R, which stands in a template.
func created(t *testing.T, resource string) (reference string, attributes map[string]string, err error) {
	t.Helper()
	stack, err := resolve("Resources:\n  R: "+resource+"\n", nil)
	require.NoError(t, err)
	return types.Create(template.Target{Stack: "demo", Region: "eu-west-1", Account: "123456789012"}, stack.Resources[0])
}

func TestAResourceIsCreatedFromThePropertiesOfItsType(t *testing.T) {
	reference, attributes, err := created(t, "{Type: AWS::SQS::Queue, Properties: {QueueName: q, Tags: []}}")
	require.NoError(t, err)
	assert.Equal(t, "q", reference)
	assert.Equal(t, map[string]string{"Arn": "arn:aws:sqs:eu-west-1:123456789012:q"}, attributes)
	_, _, err = created(t, "{Type: AWS::SQS::Queue, Properties: {QueueName: q, Policy: {}}}")
	assert.ErrorContains(t, err, "Resources.R.Properties.Policy: this property of AWS::SQS::Queue is not supported here")
}

func TestAResourceWithoutEffectHasItsStacksName(t *testing.T) {
	reference, attributes, err := created(t, "{Type: AWS::KMS::Key, Properties: {Anything: goes}}")
	require.NoError(t, err)
	assert.Equal(t, "demo-R", reference)
	assert.Equal(t, map[string]string{"Arn": "arn:aws:kms:eu-west-1:123456789012:key/demo-R"}, attributes)
	reference, attributes, err = created(t, "{Type: AWS::KMS::Alias}")
	require.NoError(t, err)
	assert.Equal(t, "demo-R", reference)
	assert.Empty(t, attributes)
}

func TestAResourceOfAnUnknownTypeIsRejected(t *testing.T) {
	_, _, err := created(t, "{Type: AWS::EC2::Instance}")
	assert.ErrorContains(t, err, "Resources.R: resource type AWS::EC2::Instance is not supported by the local stack")
}

func TestWhatHasNoEffectIsListedWithItsReason(t *testing.T) {
	assert.Equal(t, map[string]string{
		"AWS::SQS::Queue.Tags": "nobody reads them",
		"AWS::KMS::Alias":      "nothing is encrypted",
		"AWS::KMS::Key":        "nothing is encrypted",
	}, types.NoEffect())
}

func TestWhatCannotBeDeletedIsToldWithItsLine(t *testing.T) {
	target := template.Target{Stack: "demo", Region: "eu-west-1", Account: "123456789012"}
	stack, err := resolve("Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}\n  K: {Type: AWS::KMS::Key}\n", nil)
	require.NoError(t, err)
	queue := template.Made{Resource: stack.Resources[0], Reference: "q"}
	require.NoError(t, types.Delete(target, queue))
	require.NoError(t, types.Delete(target, template.Made{Resource: stack.Resources[1]}), "a type without effect")
	queue.Reference = "full"
	assert.EqualError(t, types.Delete(target, queue), "t.yaml:2: Resources.Q: it is full")
}

func TestSnapshotsAreRefused(t *testing.T) {
	for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		_, _, err := created(t, "{Type: AWS::SQS::Queue, "+policy+": Snapshot, Properties: {QueueName: q}}")
		assert.ErrorContains(t, err, policy+": there are no snapshots of AWS::SQS::Queue: use Delete or Retain")
	}
}

func TestAResourceTellsWhatWasCreatedForIt(t *testing.T) {
	stack, err := resolve(`
Resources:
  A: {Type: X::Y, DependsOn: D, Properties: {V: [!Ref B, !GetAtt C.Arn, !Sub "${E}"], W: !Ref B}}
  B: {Type: X::Y}
  C: {Type: X::Y, Properties: {V: !Ref B}}
  D: {Type: X::Y}
  E: {Type: X::Y}
`, nil)
	require.NoError(t, err)
	needs := map[string][]string{}
	for _, r := range stack.Resources {
		needs[r.LogicalID] = r.Needs
	}
	assert.Equal(t, map[string][]string{"A": {"B", "C", "D", "E"}, "B": nil, "C": {"B"}, "D": nil, "E": nil}, needs)
}

func TestAChangedResourceIsReplacedChangedInItsPlaceOrRefused(t *testing.T) {
	made, gone := 0, 0
	kind := func() template.Type {
		return template.Make(nil, func(template.Target, template.Resource, struct{ Name, Size string }) (string, map[string]string, error) {
			made++
			return "", nil, nil
		}, func(template.Target, template.Made) error { gone++; return nil })
	}
	updated := template.Changing(kind(), func(_ template.Target, was template.Made, _ template.Resource, p struct{ Name, Size string }) (string, map[string]string, error) {
		return was.Reference + " in " + p.Size, nil, nil
	}).Named("Name")
	forgot := 0
	over := kind().Over(func(template.Target, template.Made, template.Resource) { forgot++ })
	all := template.Types{"X::Named": kind().Named("Size", "Name"), "X::Plain": kind(), "X::Updated": updated, "X::Over": over}
	resource := func(kind, name, size string) template.Resource {
		stack, err := resolve("Resources:\n  R: {Type: "+kind+", Properties: {Name: "+name+", Size: "+size+"}}\n", nil)
		require.NoError(t, err)
		return stack.Resources[0]
	}
	was := func(kind string) template.Made {
		return template.Made{Resource: resource(kind, "a", "s"), Reference: "before"}
	}
	assert.Equal(t, "Name", all.Replaces(was("X::Named"), resource("X::Named", "b", "s")))
	assert.Equal(t, "Size", all.Replaces(was("X::Named"), resource("X::Named", "a", "l")))
	assert.Empty(t, all.Replaces(was("X::Named"), resource("X::Named", "a", "s")))
	assert.Empty(t, all.Replaces(was("X::Plain"), resource("X::Plain", "b", "s")), "it has no name")
	assert.Equal(t, "Type", all.Replaces(was("X::Named"), resource("X::Plain", "a", "s")))

	reference, _, err := all.Update(template.Target{}, was("X::Updated"), resource("X::Updated", "a", "l"))
	require.NoError(t, err)
	assert.Equal(t, "before in l", reference)
	assert.Zero(t, made+gone)
	_, _, err = all.Update(template.Target{}, was("X::Over"), resource("X::Over", "a", "l"))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 0, 1}, []int{made, gone, forgot}, "made over what it was")
	_, _, err = all.Update(template.Target{}, was("X::Plain"), resource("X::Plain", "a", "l"))
	require.NoError(t, err)
	assert.Equal(t, []int{2, 1, 1}, []int{made, gone, forgot}, "made anew")
}

func TestWhatCannotBeMadeAnewIsMadeOfWhatItWas(t *testing.T) {
	var there []string
	kind := template.Make(nil, func(_ template.Target, r template.Resource, p struct{ Size string }) (string, map[string]string, error) {
		if p.Size == "l" || p.Size == "broken" && len(there) == 0 {
			return "", nil, r.Errorf("Size", "no %s", p.Size)
		}
		there = append(there, p.Size)
		return "", nil, nil
	}, func(template.Target, template.Made) error { there = nil; return nil })
	all := template.Types{"X::Plain": kind}
	of := func(size string) template.Resource {
		stack, err := resolve("Resources:\n  R: {Type: X::Plain, Properties: {Size: "+size+"}}\n", nil)
		require.NoError(t, err)
		return stack.Resources[0]
	}
	there = []string{"s"}
	_, _, err := all.Update(template.Target{}, template.Made{Resource: of("s")}, of("l"))
	require.EqualError(t, err, "t.yaml:2: Resources.R.Properties.Size: no l")
	assert.Equal(t, []string{"s"}, there)
	_, _, err = all.Update(template.Target{}, template.Made{Resource: of("broken")}, of("l"))
	require.EqualError(t, err, "t.yaml:2: Resources.R.Properties.Size: no l\nt.yaml:2: Resources.R.Properties.Size: no broken")
}
