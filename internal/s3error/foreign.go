package s3error

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// errForeign is of an answer that something between gave, such as a proxy.
var errForeign = errors.New("was not answered by S3: its answer is empty, cut off or another page, as of a proxy")

// roots are what the answers begin with of which a missing part is a fact: that nothing is
// replicated, told or locked, or that a list has ended. The SDK looks at no root: to it any XML
// is such an answer without that part, and so is none at all.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
var roots = map[string]string{
	"GetBucketEncryption":                "ServerSideEncryptionConfiguration",
	"GetBucketLifecycleConfiguration":    "LifecycleConfiguration",
	"GetBucketLocation":                  "LocationConstraint",
	"GetBucketNotificationConfiguration": "NotificationConfiguration",
	"GetBucketReplication":               "ReplicationConfiguration",
	"GetBucketRequestPayment":            "RequestPaymentConfiguration",
	"GetBucketTagging":                   "Tagging",
	"GetBucketVersioning":                "VersioningConfiguration",
	"GetObjectLegalHold":                 "LegalHold",
	"GetObjectLockConfiguration":         "ObjectLockConfiguration",
	"GetObjectRetention":                 "Retention",
	"GetObjectTagging":                   "Tagging",
	"ListBuckets":                        "ListAllMyBucketsResult",
	"ListObjectsV2":                      "ListBucketResult",
}

// OwnAnswers has a client of S3 take nothing for S3's answer that is another's. A configuration
// that was read as empty would be told as a fact, and with a PUT, which replaces it as a whole,
// all that it has would be gone.
func OwnAnswers(stack *middleware.Stack) error {
	return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc("OwnAnswers", ownAnswer), "OperationDeserializer", middleware.After)
}

func ownAnswer(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
) {
	out, metadata, err = next.HandleDeserialize(ctx, in)
	root := roots[awsmiddleware.GetOperationName(ctx)]
	response, ok := out.RawResponse.(*smithyhttp.Response)
	switch {
	case root == "" || !ok || response.StatusCode/100 != 2:
		return out, metadata, err
	case err != nil: // the SDK has looked for an error in it
		return out, metadata, Transient(errors.Join(errForeign, err))
	}
	var read bytes.Buffer
	decoder := xml.NewDecoder(io.TeeReader(response.Body, &read))
	for {
		token, err := decoder.Token()
		if begin, is := token.(xml.StartElement); is && (begin.Name.Local == root || begin.Name.Local == "Error") {
			response.Body = rest{io.MultiReader(&read, response.Body), response.Body}
			return out, metadata, nil
		} else if is || err != nil {
			return out, metadata, Transient(errors.Join(errForeign, err))
		}
	}
}

// rest is an answer of which the beginning was read.
type rest struct {
	io.Reader
	io.Closer
}
