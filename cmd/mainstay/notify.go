package main

import (
	"net"
	"strings"
)

// notify tells a service manager how the server does, by the protocol of sd_notify(3): a datagram to the socket that
// NOTIFY_SOCKET names. Where there is none it does nothing, and where none answers nobody is the worse for it.
func notify(environ []string, state string) {
	for _, pair := range environ {
		address, ours := strings.CutPrefix(pair, "NOTIFY_SOCKET=")
		if !ours || address == "" {
			continue
		}
		conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"}) // "@" begins an abstract one
		if err != nil {
			return
		}
		_, _ = conn.Write([]byte(state))
		_ = conn.Close()
	}
}
