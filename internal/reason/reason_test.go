package reason_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
)

func TestTheListsHaveEveryCodeOfTheirVerdictOnce(t *testing.T) {
	for verdict, list := range map[string][]reason.Code{"failed": reason.Severity(), "skipped": reason.Skipped()} {
		var listed []string
		for _, code := range list {
			listed = append(listed, string(code))
		}
		assert.ElementsMatch(t, codes(t)[verdict], listed, verdict)
	}
}

func TestTheWorstComesFirst(t *testing.T) {
	order := map[reason.Code]int{}
	for i, code := range reason.Severity() {
		order[code] = i
	}
	for _, pair := range [][2]reason.Code{
		{reason.ContentMismatch, reason.ReplicaMissing}, // damaged before missing
		{reason.RecordDisagrees, reason.ReplicationFailed},
		{reason.NotReplicated, reason.AccessDenied},     // missing before not known
		{reason.Inconclusive, reason.BytesNotRead},      // not known before verified once
		{reason.BytesNotRead, reason.MetadataDiffers},   // content before metadata
		{reason.MetadataDiffers, reason.MalformedEvent}, // objects before what is none
	} {
		assert.Less(t, order[pair[0]], order[pair[1]], pair)
	}
}
