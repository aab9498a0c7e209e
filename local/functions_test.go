package local_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
)

func (w *world) invoke(region, name, payload string) (*awslambda.InvokeOutput, error) {
	return awslambda.NewFromConfig(w.AWSConfig(region)).Invoke(w.t.Context(),
		&awslambda.InvokeInput{FunctionName: &name, Payload: []byte(payload)}, func(o *awslambda.Options) { o.RetryMaxAttempts = 1 })
}

func (w *world) functionARN(name string) string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:autobackup-%s-dev", w.region, account, name)
}

func TestAFunctionIsInvokedThroughLambdasAPI(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, name := range []string{"autobackup-compare-etags-dev", w.functionARN("compare-etags")} {
			out, err := w.invoke(w.region, name, `{"messages":[]}`)
			require.NoError(t, err)
			assert.Nil(t, out.FunctionError)
			assert.Contains(t, string(out.Payload), `"summary"`)
		}
		out, err := w.invoke(w.region, "autobackup-compare-etags-dev", `{}`)
		require.NoError(t, err)
		assert.Equal(t, "Unhandled", aws.ToString(out.FunctionError))
		assert.Contains(t, string(out.Payload), reason.BadInput)
	})
}

func TestWhatLambdaRefusesIsToldByItsName(t *testing.T) {
	inWorld(t, func(w *world) {
		_, err := w.invoke(secondRegion, w.functionARN("compare-etags"), `{}`)
		missing := (*types.ResourceNotFoundException)(nil)
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, "Functions from '"+firstRegion+"' are not reachable in this region ('"+secondRegion+"')", missing.ErrorMessage())

		_, err = w.invoke(w.region, "autobackup-nothing-dev", `{}`)
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, "Function not found: "+w.functionARN("nothing"), missing.ErrorMessage())

		_, err = w.invoke(w.region, "autobackup-compare-etags-dev", `"`+strings.Repeat("x", 7<<20)+`"`)
		large := (*types.RequestTooLargeException)(nil)
		require.ErrorAs(t, err, &large)

		_, err = w.invoke(w.region, "autobackup-compare-etags-dev", `{"messages":`)
		malformed := (*types.InvalidRequestContentException)(nil)
		require.ErrorAs(t, err, &malformed)

		_, err = awslambda.NewFromConfig(w.AWSConfig(w.region)).ListFunctions(w.t.Context(), &awslambda.ListFunctionsInput{},
			func(o *awslambda.Options) { o.RetryMaxAttempts = 1 })
		refused := smithy.APIError(nil)
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "the local stack serves Lambda's GetFunctionConfiguration, Invoke, ListEventSourceMappings, not "+http.MethodGet+" /2015-03-31/functions", strings.TrimSuffix(refused.ErrorMessage(), "/"))
	})
}

func TestAnAsynchronousInvocationIsRefused(t *testing.T) {
	inWorld(t, func(w *world) {
		_, err := awslambda.NewFromConfig(w.AWSConfig(w.region)).Invoke(w.t.Context(), &awslambda.InvokeInput{
			FunctionName: aws.String("autobackup-compare-etags-dev"), InvocationType: types.InvocationTypeEvent,
		}, func(o *awslambda.Options) { o.RetryMaxAttempts = 1 })
		assert.ErrorContains(t, err, "it does not support a qualifier or invocation type Event")
	})
}

func TestTheStateMachineReachesNoFunctionOfAnotherRegion(t *testing.T) {
	elsewhere := "arn:aws:lambda:" + secondRegion + ":" + account + ":function:autobackup-compare-etags-dev"
	inOpenWorld(t, func(w *world) {
		w.put("a.txt", "content")
		w.settle()
		assert.Equal(t, "Lambda.ResourceNotFoundException", w.one().Result.Error)
		assert.Contains(t, w.one().Result.Cause, "Functions from '"+secondRegion+"' are not reachable in this region ('"+firstRegion+"')")
	}, replace("statemachine/validate.asl.json", "${CompareETagsFunctionArn}", elsewhere),
		replace("template.yaml", "        CompareETagsFunctionArn: !GetAtt CompareETagsFunction.Arn\n", ""))
}
