// Package template reads a CloudFormation or SAM template the way the services
// do, and gives the stack's resources with every property resolved, in the
// order in which they can be created. It knows no resource type: the caller
// gives each resource's Ref and attributes, and takes the properties it
// understands with Decode.
//
// What is covered, after the template reference
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html):
//
//   - YAML and JSON; the short forms of the functions below. Aliases, merge
//     keys, null, octal, hexadecimal and base 60 numbers are rejected;
//     dates are text; yes, no, on and off are booleans, as in YAML 1.1
//     (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html).
//   - Parameters of type String, Number, CommaDelimitedList and List<Number>
//     with all their constraints. AllowedPattern must match the whole value,
//     or each item of a list, and is limited to what Go's regexp knows
//     (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html).
//     A number stays the text it was given as, which is what Ref returns.
//   - Rules with Fn::And, Fn::Or, Fn::Not, Fn::Equals, Fn::Contains,
//     Fn::EachMemberIn and Fn::EachMemberEquals
//     (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html).
//   - Mappings, Conditions, Outputs and Export
//     (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html).
//   - The functions that Functions lists
//     (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html).
//     Fn::ToJsonString sorts an object's keys.
//   - The transform AWS::LanguageExtensions: Fn::ForEach in Conditions,
//     Resources and Outputs and inside them, Fn::Length, Fn::ToJsonString,
//     DefaultValue of Fn::FindInMap, functions as the argument of Ref and
//     Fn::GetAtt
//     (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-aws-languageextensions.html).
//   - The transform AWS::Serverless-2016-10-31: Globals of Function are merged
//     into every AWS::Serverless::Function
//     (https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html).
//     Nothing else of SAM is expanded; policies and events stay data.
//   - Pseudo parameters, but AWS::NotificationARNs.
//   - The resource attributes Type, Properties, DependsOn, Condition,
//     Metadata, DeletionPolicy and UpdateReplacePolicy.
//
// Everything else is rejected by name: dynamic references
// ({{resolve:ssm:...}}), macros, Fn::Transform, Fn::ImportValue, Fn::GetAZs,
// Fn::Cidr, Fn::RefAll, Hooks, parameter types that need an account, and so
// on. Every complaint starts with file:line and the path in the template:
//
//	template.yaml:41: Resources.Queue.Properties.Name.Ref: ...
package template
