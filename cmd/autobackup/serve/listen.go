package serve

import (
	"context"
	"fmt"
	"net"
)

// bridge is the interface of the network that Docker puts containers on. On
// Linux, host.docker.internal is its address (samconfig.toml); with Docker
// Desktop, there is none, and host.docker.internal leads to the loopback.
const bridge = "docker0"

// listen listens on an address and, where that is of the loopback, also on Docker's
// bridge, where containers reach this machine.
func listen(ctx context.Context, address string) (listeners []net.Listener, err error) {
	var config net.ListenConfig
	first, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (name another address with --listen)", address, err)
	}
	listeners = []net.Listener{first}
	at := first.Addr().(*net.TCPAddr) //nolint:errcheck,forcetypeassert // of "tcp"
	docker, err := net.InterfaceByName(bridge)
	if err != nil || !at.IP.IsLoopback() {
		return listeners, nil //nolint:nilerr // without Docker, there are no containers
	}
	addresses, err := docker.Addrs()
	if err != nil {
		return nil, fmt.Errorf("read the addresses of %s: %w", bridge, err)
	}
	for _, a := range addresses {
		own, ok := a.(*net.IPNet)
		if !ok || own.IP.To4() == nil {
			continue
		}
		l, err := config.Listen(ctx, "tcp", (&net.TCPAddr{IP: own.IP, Port: at.Port}).String())
		if err != nil {
			return nil, fmt.Errorf("listen for Docker's containers: %w (name another address with --listen)", err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// reached is the address at which this machine reaches a listener.
func reached(l net.Listener) string {
	at := *l.Addr().(*net.TCPAddr) //nolint:errcheck,forcetypeassert // of "tcp"
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + at.String()
}
