package asl_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// summary is a history as scenarios compare it: number, previous number, type.
func summary(events []types.HistoryEvent) (lines []string) {
	for _, e := range events {
		lines = append(lines, fmt.Sprintf("%d<%d %s", e.Id, e.PreviousEventId, e.Type))
	}
	return lines
}
