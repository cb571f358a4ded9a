// Package loopback opens listeners on this machine alone, for who asks pages as a browser would and for stand-ins of others.
package loopback

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Serve answers on a free port of loopback until close.
func Serve(h http.Handler, certificate *tls.Certificate) (address string, closing func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("opening a port: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	address = "http://" + listener.Addr().String()
	if certificate != nil {
		address = "https://" + listener.Addr().String()
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
	}
	go func() { _ = server.Serve(listener) }()
	return address, func() { _ = server.Close() }, nil
}
