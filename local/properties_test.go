package local_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unread are properties that are taken, each with its reason; a name that ends in a dot is
// for all in it. docs/local-fidelity.md tells of those that would have an effect on AWS.
var unread = map[string]string{
	"events.ruleProperties.Targets.Id":                                               "a name of the target, which nothing shows",
	"gate.keyProperties.MultiRegion":                                                 "by its name alone: another value makes another key",
	"states.stateMachineProperties.Logging.IncludeExecutionData":                     "what is logged here has no data",
	"sqs.queueProperties.RedriveAllowPolicy.":                                        "it is converted whole",
	"s3.bucketProperties.ObjectLockConfiguration.ObjectLockEnabled":                  "it has one value, and the bucket's own property decides",
	"s3.bucketProperties.PublicAccessBlockConfiguration.BlockPublicAcls":             "there are no ACLs",
	"s3.bucketProperties.PublicAccessBlockConfiguration.IgnorePublicAcls":            "there are no ACLs",
	"s3.bucketProperties.PublicAccessBlockConfiguration.RestrictPublicBuckets":       "no policy here is public",
	"s3.bucketProperties.ReplicationConfiguration.Rules.Destination.ReplicationTime": "the same", "s3.bucketProperties.ReplicationConfiguration.Rules.Destination.Metrics.EventThreshold": "the same",
	"s3.bucketProperties.ReplicationConfiguration.Rules.Destination.Account":                        "kept and answered, without effect",
	"s3.bucketProperties.ReplicationConfiguration.Rules.Destination.AccessControlTranslation.Owner": "kept and answered: the owner is the replica's",
	"s3.bucketProperties.ReplicationConfiguration.Rules.Destination.ReplicationTime.":               "kept and answered, without effect",
	"s3.bucketProperties.ReplicationConfiguration.Rules.Destination.Metrics.EventThreshold.":        "kept and answered, without effect",
}

func keptUnread(name string) string {
	for prefix, why := range unread {
		if name == prefix || strings.HasSuffix(prefix, ".") && strings.HasPrefix(name, prefix) {
			return why
		}
	}
	return ""
}

// noImports imports nothing: what a package says of its own types is enough here.
type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) { return nil, errors.New(path) }

func TestEveryPropertyThatAResourceTypeTakesIsReadOrSaidToHaveNoEffect(t *testing.T) {
	folders, err := filepath.Glob("*/resource.go")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, file := range append(folders, "gate/role.go") {
		folder := filepath.Dir(file)
		scope, read := checked(t, folder)
		for _, name := range scope.Names() {
			if strings.HasSuffix(name, "Properties") {
				for _, field := range propertiesOf(scope.Lookup(name).Type(), name) {
					if why := keptUnread(folder + "." + field.name); why != "" {
						assert.False(t, read[field.Var], "%s is read: take it out of unread", field.name)
						continue
					}
					assert.True(t, read[field.Var], "local/%s takes %s and nothing reads it: leave it out, or say in Types() that it has no effect, and why", folder, field.name)
				}
			}
		}
	}
}

// checked is what a package declares, and the fields that its code reads.
func checked(t *testing.T, folder string) (*types.Scope, map[*types.Var]bool) {
	t.Helper()
	set := token.NewFileSet()
	names, err := filepath.Glob(folder + "/*.go")
	require.NoError(t, err)
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	of, _ := config.Check(folder, set, files, info) //nolint:errcheck // what is imported is missing
	read := map[*types.Var]bool{}
	for _, s := range info.Selections {
		if v, ok := s.Obj().(*types.Var); ok {
			read[v] = true
		}
	}
	return of.Scope(), read
}

type cfnField struct {
	*types.Var
	name string
}

// propertiesOf are those of a struct, and of what it is made of.
func propertiesOf(of types.Type, name string) (all []cfnField) {
	switch t := of.Underlying().(type) {
	case *types.Struct:
		for f := range t.Fields() {
			path := name + "." + f.Name()
			all = append(append(all, cfnField{f, path}), propertiesOf(f.Type(), path)...)
		}
	case *types.Pointer:
		return propertiesOf(t.Elem(), name)
	case *types.Slice:
		return propertiesOf(t.Elem(), name)
	case *types.Map:
		return propertiesOf(t.Elem(), name)
	}
	return all
}
