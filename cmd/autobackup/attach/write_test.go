package attach_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	core "autobackup/internal/attach"
	"autobackup/local/samconfig"
)

// clone is a folder with this project's samconfig.toml.
func (w *world) clone() string {
	w.t.Helper()
	source, err := os.ReadFile(filepath.Join(project, "samconfig.toml"))
	require.NoError(w.t, err)
	file := filepath.Join(w.t.TempDir(), "samconfig.toml")
	require.NoError(w.t, os.WriteFile(file, source, 0o640))
	return file
}

func (w *world) writeTo(file string, buckets ...string) (*attach.Report, string) {
	w.t.Helper()
	o := w.options(buckets...)
	o.Write = file
	return w.run(attach.Run, o)
}

// environment is one of a file's.
func environment(t *testing.T, file, name string) samconfig.Environment {
	t.Helper()
	c, err := samconfig.Load([]byte(read(t, file)))
	require.NoError(t, err)
	e, err := c.Environment(name)
	require.NoError(t, err)
	return e
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(content)
}

func TestStacksThatAreDeployedWithTheWrittenSamconfigTakeTheBuckets(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.bucket("acme-1-dr", w.second, nil)
	w.bucket("acme-1", w.first, nil, "acme-1-dr")
	file := w.clone()
	before := read(t, file)
	r, screen := w.writeTo(file, docs, "acme-1")
	assert.Equal(t, 0, r.Exit, screen)
	assert.Contains(t, screen, "wrote    "+file+" default: set, for the primary stack of account "+account+" in "+w.first+"\n")
	assert.Contains(t, screen, "wrote    "+file+" replica: set, for the replica stack of account "+account+" in "+w.second+"\n")
	assert.Contains(t, screen, "no bucket was changed: deploy the stacks with what was written, the replicas' first, and attach again   exit 0\n")
	assert.NotContains(t, w.writes(), "PutBucketNotificationConfiguration acme-1")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())

	changed := 0
	now := strings.Split(read(t, file), "\n")
	for i, line := range strings.Split(before, "\n") {
		if now[i] != line {
			changed++
			assert.Contains(t, line, "Stage=dev")
		}
	}
	assert.Equal(t, 2, changed)
	for _, name := range []string{"replica", "default"} {
		e := environment(t, file, name)
		_, err := w.Update(e, nil)
		require.NoError(t, err)
	}
	r, _ = w.run(attach.Run, w.options("acme-1"))
	assert.Equal(t, 0, r.Exit)

	_, screen = w.writeTo(file, "acme-1", docs)
	assert.Equal(t, strings.Join(now, "\n"), read(t, file), "a second time changes nothing")
	assert.Contains(t, screen, "exit 0")
}

// elsewhere is the state of a bucket with replicas where no environment deploys.
func elsewhere(w *world) *attach.Report {
	r := &attach.Report{Stage: core.Stage{Name: "dev", Region: w.first, Account: account, Partition: "aws"}}
	b := core.Bucket{Side: core.Side{Bucket: "acme-1", Region: w.first, Account: account}, Replicas: []core.Side{
		{Bucket: "acme-1-dr", Region: w.second, Account: account},
		{Bucket: "acme-1-far", Region: "ap-south-1", Account: account},
		{Bucket: "acme-1-vault", Region: "sa-east-1", Account: "444455556666"},
	}}
	r.Buckets = append(r.Buckets, &attach.Result{Plan: core.Plan{Bucket: "acme-1", State: core.Waiting}, Facts: b})
	return r
}

func TestAReplicaStackThatNoEnvironmentDeploysGetsOne(t *testing.T) {
	w := newWorld(t)
	file := w.clone()
	require.NoError(t, elsewhere(w).WriteParameters(file))
	far := environment(t, file, "replica-ap-south-1-"+account+"-dev")
	assert.Equal(t, "replica.yaml", far.TemplateFile)
	assert.Equal(t, "autobackup-replica-dev", far.StackName)
	assert.Equal(t, "ap-south-1", far.Region)
	assert.Equal(t, map[string]string{"Stage": "dev", "Architecture": "x86_64", "Categories": "",
		"ReplicaBuckets": "acme-1-far", "ReplicaBuckets2": "", "ReplicaBuckets3": "", "ReplicaBuckets4": ""}, far.ParameterOverrides)
	vault := environment(t, file, "replica-sa-east-1-444455556666-dev")
	assert.Equal(t, account, vault.ParameterOverrides["PrimaryAccount"])
	near := environment(t, file, "replica")
	assert.Equal(t, "acme-1-dr", near.ParameterOverrides["ReplicaBuckets"])

	once := read(t, file)
	require.NoError(t, elsewhere(w).WriteParameters(file))
	assert.Equal(t, once, read(t, file), "an environment that was added is found again")
}

func TestTheReplicaStackOfAnotherAccountIsTheOneInReplicaRegionWherePrimaryNamesIt(t *testing.T) {
	w := newWorld(t)
	file := w.clone()
	text := strings.Replace(read(t, file), "ReplicaRegion="+w.second, "ReplicaRegion="+w.second+" ReplicaAccount=444455556666", 1)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	r := elsewhere(w)
	replicas := r.Buckets[0].Facts.Replicas
	replicas[0].Account, replicas[2].Account = replicas[2].Account, replicas[0].Account
	require.NoError(t, r.WriteParameters(file))
	near := environment(t, file, "replica")
	assert.Equal(t, "acme-1-dr", near.ParameterOverrides["ReplicaBuckets"])
	own := environment(t, file, "replica-sa-east-1-"+account+"-dev")
	assert.Equal(t, "acme-1-vault", own.ParameterOverrides["ReplicaBuckets"])
}

func TestASamconfigThatDoesNotSayWhichStackIsMeantIsLeftAsItIs(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct{ from, to, want string }{
		"no environment of the stage": {"Stage=dev", "Stage=test",
			"no environment of samconfig.toml deploys template.yaml with Stage=dev into " + w.first + ": --print parameters prints what it must be given"},
		"two for one stack": {"Stage=prod", "Stage=dev",
			"the environments default, prod of samconfig.toml all deploy template.yaml with Stage=dev into " + w.first},
		"two for one replica stack": {"\nparameter_overrides = \"Stage=prod\"", "\nparameter_overrides = \"Stage=dev\"",
			"the environments replica, replica-prod of samconfig.toml all deploy replica.yaml with Stage=dev into " + w.second},
		"no TOML": {"version = 0.1", "version", "samconfig.toml:"},
	} {
		t.Run(name, func(t *testing.T) {
			file := w.clone()
			text := strings.Replace(read(t, file), c.from, c.to, 1)
			require.NotEqual(t, read(t, file), text)
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			assert.ErrorContains(t, elsewhere(w).WriteParameters(file), c.want)
			assert.Equal(t, text, read(t, file))
		})
	}
	assert.ErrorContains(t, elsewhere(w).WriteParameters(filepath.Join(t.TempDir(), "samconfig.toml")),
		"is not there: name the samconfig.toml of the clone that you deploy from")
}

func TestABucketThatTheStageTakesIsNotWrittenOutOfIt(t *testing.T) {
	w := newWorld(t)
	w.pair(nil) // which the stage takes, and which is not named
	w.bucket("acme-1-dr", w.second, nil)
	w.bucket("acme-1", w.first, nil, "acme-1-dr")
	file := w.clone()
	before := read(t, file)
	r, screen := w.writeTo(file, "acme-1")
	assert.Equal(t, 1, r.Exit)
	assert.Equal(t, before, read(t, file))
	assert.Contains(t, screen, "FAIL     acme-1: not written\n")
	assert.Contains(t, screen, "nothing was written: the stage takes s3://"+docs+" by now, which it would lose: detach what is to go, and add to the command what is to stay")
	r, _ = w.writeTo(file, "acme-1", docs)
	assert.Equal(t, 0, r.Exit)
	assert.Contains(t, read(t, file), "Buckets=acme-1,"+docs+" ")
}

func TestTerraformGetsAVariableWithAMapForEachStack(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "autobackup.auto.tfvars.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"theirs": 12345678901234567890, "autobackup_parameters": {"primary": {"AlertEmail": "a@b.example", "Buckets": "acme-1"}}}`), 0o600))
	r := elsewhere(w)
	require.NoError(t, r.WriteParameters(file))
	assert.Equal(t, []bool{false, true, true, true}, []bool{r.Written[0].New, r.Written[1].New, r.Written[2].New, r.Written[3].New})
	assert.JSONEq(t, `{"theirs": 12345678901234567890, "autobackup_parameters": {
		"primary": {"AlertEmail": "a@b.example", "Buckets": "acme-1", "Buckets2": "", "Buckets3": "", "Buckets4": "",
			"ReplicaBuckets": "acme-1-far,acme-1-dr,acme-1-vault", "ReplicaBuckets2": "", "ReplicaBuckets3": "", "ReplicaBuckets4": "", "ReplicaHashBytesArns": "`+functions(w)+`"},
		"replica-ap-south-1-`+account+`": {"Stage": "dev", "ReplicaBuckets": "acme-1-far", "ReplicaBuckets2": "", "ReplicaBuckets3": "", "ReplicaBuckets4": ""},
		"replica-`+w.second+`-`+account+`": {"Stage": "dev", "ReplicaBuckets": "acme-1-dr", "ReplicaBuckets2": "", "ReplicaBuckets3": "", "ReplicaBuckets4": ""},
		"replica-sa-east-1-444455556666": {"Stage": "dev", "PrimaryAccount": "`+account+`", "ReplicaBuckets": "acme-1-vault", "ReplicaBuckets2": "", "ReplicaBuckets3": "", "ReplicaBuckets4": ""}}}`,
		strings.Replace(read(t, file), "acme-1-dr,acme-1-far,acme-1-vault", "acme-1-far,acme-1-dr,acme-1-vault", 1))
	assert.Contains(t, read(t, file), "12345678901234567890", "a number of others keeps its digits")
	once := read(t, file)
	require.NoError(t, elsewhere(w).WriteParameters(file))
	assert.Equal(t, once, read(t, file))
}

func functions(w *world) string {
	var all []string
	for _, at := range [][2]string{{"ap-south-1", account}, {w.second, account}, {"sa-east-1", "444455556666"}} {
		all = append(all, "arn:aws:lambda:"+at[0]+":"+at[1]+":function:autobackup-hash-bytes-dev")
	}
	return strings.Join(all, ",")
}

func TestCloudFormationGetsAFileForEachStack(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "stack.json")
	require.NoError(t, os.WriteFile(file, []byte(`[{"ParameterKey": "AlertEmail", "UsePreviousValue": true}, {"ParameterKey": "Buckets", "ParameterValue": "acme-1"}]`), 0o600))
	require.NoError(t, elsewhere(w).WriteParameters(file))
	assert.Contains(t, read(t, file), "\"AlertEmail\",\n    \"UsePreviousValue\": true\n  },\n  {\n    \"ParameterKey\": \"Buckets\",\n    \"ParameterValue\": \"acme-1\"\n")
	beside := read(t, strings.TrimSuffix(file, ".json")+".replica-ap-south-1-"+account+".json")
	assert.JSONEq(t, `[{"ParameterKey": "Stage", "ParameterValue": "dev"}, {"ParameterKey": "ReplicaBuckets", "ParameterValue": "acme-1-far"},
		{"ParameterKey": "ReplicaBuckets2", "ParameterValue": ""}, {"ParameterKey": "ReplicaBuckets3", "ParameterValue": ""}, {"ParameterKey": "ReplicaBuckets4", "ParameterValue": ""}]`, beside)
}

func TestAFileThatIsNoJSONIsLeftAsItIs(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a.json", "a.tfvars.json"} {
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, []byte("{nothing"), 0o600))
		assert.ErrorContains(t, elsewhere(w).WriteParameters(file), "name another file, or mend it; it was not changed")
		assert.Equal(t, "{nothing", read(t, file))
	}
	file := filepath.Join(t.TempDir(), "a.tfvars.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"autobackup_parameters": "x"}`), 0o600))
	assert.ErrorContains(t, elsewhere(w).WriteParameters(file), "is no map of maps of texts")
	assert.Equal(t, `{"autobackup_parameters": "x"}`, read(t, file))
}

// Somebody may have written a bucket and not deployed it yet.
func TestABucketThatTheFileNamesIsNotWrittenOutOfIt(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	for name, content := range map[string]string{
		"samconfig.toml": strings.Replace(read(t, w.clone()), "Stage=dev ", "Stage=dev Buckets2=pending ", 1),
		"a.tfvars.json":  `{"autobackup_parameters": {"primary": {"Buckets2": "acme-1,pending"}}}`,
		"a.json":         `[{"ParameterKey": "Buckets", "ParameterValue": "pending"}]`,
	} {
		file := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		r := elsewhere(w)
		require.NoError(t, r.WriteParameters(file))
		assert.Equal(t, "nothing was changed, and nothing was written: "+file+" names s3://pending by now, which it would lose: detach what is to go, and add to the command what is to stay", r.Changes)
		assert.True(t, r.Buckets[0].Failed)
		assert.Empty(t, r.Written)
		assert.Equal(t, content, read(t, file))
	}
}

func TestReplicasThatAFileLosesAreNoted(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "a.json")
	require.NoError(t, os.WriteFile(file, []byte(`[{"ParameterKey": "ReplicaBuckets3", "ParameterValue": "old-dr,acme-1-dr"}]`), 0o600))
	r := elsewhere(w)
	require.NoError(t, r.WriteParameters(file))
	assert.Contains(t, r.Stacks[0].Notes, "ReplicaBuckets had old-dr, to which no rule of these buckets leads: taken out")
}

// A replica stack without buckets would take the place of the one that has the categories'.
func TestTheReplicaStackOfTheCategoriesIsNotMadeAnew(t *testing.T) {
	w := newWorld(t)
	file := w.clone()
	text, _, found := strings.Cut(read(t, file), "[replica.global.parameters]")
	require.True(t, found)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	assert.ErrorContains(t, elsewhere(w).WriteParameters(file), "no environment of samconfig.toml deploys replica.yaml with Stage=dev into "+w.second+", where the replicas of the categories are")
	assert.Equal(t, text, read(t, file))

	text = strings.Replace(text, "Stage=dev ", "Stage=dev Categories='' ", 1)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	require.NoError(t, elsewhere(w).WriteParameters(file))
	assert.Equal(t, "acme-1-dr", environment(t, file, "replica-"+w.second+"-"+account+"-dev").ParameterOverrides["ReplicaBuckets"])
}
