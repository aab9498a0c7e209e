package memnet_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/memnet"
)

func TestClientReachesTheHandlerUnderAnyHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := memnet.Client(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			_, err = io.WriteString(w, r.Host+" "+string(body))
			assert.NoError(t, err)
		}))
		defer stop()
		for _, host := range []string{"http://one.example", "https://127.0.0.1:9"} {
			res, err := client.Post(host, "text/plain", strings.NewReader("ping"))
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			_, name, _ := strings.Cut(host, "://")
			assert.Equal(t, name+" ping", string(body))
		}
	})
}

func TestAnHourOfWaitingInAHandlerPassesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := memnet.Client(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			time.Sleep(time.Hour)
		}))
		defer stop()
		started := time.Now()
		res, err := client.Get("http://slow/")
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, time.Hour, time.Since(started))
	})
}

func TestDialingStopsWithTheListenerOrTheContext(t *testing.T) {
	listener := memnet.Listen()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := listener.DialContext(ctx, "tcp", "anything")
	require.ErrorIs(t, err, context.Canceled)

	require.NoError(t, listener.Close())
	require.NoError(t, listener.Close(), "closing twice is harmless")
	_, err = listener.DialContext(t.Context(), "tcp", "anything")
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = listener.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	assert.Equal(t, "memory", listener.Addr().String())
}
