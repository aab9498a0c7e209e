package pair

import (
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARequestThatIsNeverAnsweredDoesNotHoldAnAuditForEver(t *testing.T) {
	client, ok := network().(*awshttp.BuildableClient)
	require.True(t, ok)
	assert.Equal(t, time.Minute, client.GetTransport().ResponseHeaderTimeout)
}
