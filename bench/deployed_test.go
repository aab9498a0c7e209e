package main

import (
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func TestEveryFunctionIsBuiltWithTheDeployedSettings(t *testing.T) {
	deployed, err := readDeployed(t.Context(), "..", t.TempDir())
	require.NoError(t, err)
	assert.Positive(t, deployed.batchSize)
	require.Len(t, deployed.variables, 6, "those that are there without a parameter")
	for folder := range deployed.variables {
		build, known := wire.Functions(io.Discard, time.Now)[folder]
		require.True(t, known, folder)
		_, err := build(aws.Config{}, deployed.of(folder), handler.Logger(io.Discard))
		assert.NoError(t, err, folder)
	}
}
