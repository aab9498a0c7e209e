package template

import "strings"

const (
	serverlessPrefix   = "AWS::Serverless::"
	serverlessFunction = serverlessPrefix + "Function"
)

// globalProperties are what Globals can hold for functions. See
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
var globalProperties = strings.Fields(`
	Architectures AssumeRolePolicyDocument AutoPublishAlias CodeSigningConfigArn CodeUri
	DeadLetterQueue DeploymentPreference Description Environment EphemeralStorage
	EventInvokeConfig FileSystemConfigs Handler KmsKeyArn Layers LoggingConfig MemorySize
	PermissionsBoundary PropagateTags ProvisionedConcurrencyConfig RecursiveLoop
	ReservedConcurrentExecutions RolePath Runtime RuntimeManagementConfig SnapStart
	SourceKMSKeyArn Tags Timeout Tracing VpcConfig`)

func (t *Template) checkGlobals() error {
	globals := t.root.get("Globals")
	if globals == nil {
		return nil
	}
	if !t.serverless {
		return globals.errorf("Globals need the transform %s", serverlessTransform)
	}
	if err := globals.mapping([]string{"Function"}, nil); err != nil {
		return err
	}
	return globals.get("Function").mapping(nil, globalProperties)
}

// withGlobals gives the properties of a resource, those of Globals merged in.
func (t *Template) withGlobals(resource *node) *node {
	properties := resource.get("Properties")
	global := t.root.get("Globals").get("Function")
	if global == nil || resource.get("Type").value != serverlessFunction {
		return properties
	}
	if properties == nil {
		return global
	}
	return merge(global, properties)
}

// merge lays a resource's value over the one in Globals: mappings are merged,
// lists follow each other, anything else is overridden. A function counts as a
// scalar, as its value is not known to SAM.
func merge(global, local *node) *node {
	_, _, globalCalls := global.function()
	_, _, localCalls := local.function()
	if globalCalls || localCalls {
		return local
	}
	merged := *local
	switch own := local.value.(type) {
	case []*node:
		if inherited, ok := global.value.([]*node); ok {
			merged.value = append(append([]*node{}, inherited...), own...)
		}
	case []field:
		if inherited, ok := global.value.([]field); ok {
			merged.value = mergeFields(inherited, own, local)
		}
	}
	return &merged
}

func mergeFields(inherited, own []field, local *node) []field {
	var merged []field
	for _, f := range inherited {
		if overriding := local.get(f.key); overriding != nil {
			f.node = merge(f.node, overriding)
		}
		merged = append(merged, f)
	}
	global := &node{value: inherited}
	for _, f := range own {
		if global.get(f.key) == nil {
			merged = append(merged, f)
		}
	}
	return merged
}
