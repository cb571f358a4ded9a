package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	drainTime  = 10 * time.Second
	headerSize = 32 << 10
)

// Listen opens addr. Without TLS it opens loopback addresses only, so that no password ever crosses a network in the clear.
func Listen(ctx context.Context, addr string, certificate *tls.Config) (net.Listener, error) {
	if certificate == nil {
		if err := onlyLoopback(ctx, addr); err != nil {
			return nil, err
		}
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	if certificate == nil {
		return listener, nil
	}
	certificate = certificate.Clone()
	certificate.MinVersion = max(certificate.MinVersion, tls.VersionTLS12)
	certificate.NextProtos = []string{"h2", "http/1.1"}
	return tls.NewListener(listener, certificate), nil
}

func onlyLoopback(ctx context.Context, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("reading the address %q: %w", addr, err)
	}
	refusal := fmt.Errorf("%s is reachable from other machines: give a certificate, or listen on 127.0.0.1", addr)
	if host == "" {
		return refusal
	}
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return fmt.Errorf("looking up %s: %w", host, err)
	}
	for _, a := range addresses {
		if !a.IP.IsLoopback() {
			return refusal
		}
	}
	return nil
}

// Run serves on the listener until ctx ends; then it takes no new request and gives those that run ten seconds.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer endStreams()
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerSize,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return streams },
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	// Events last as long as somebody listens: they are told to end, and the browser comes back to the next node.
	server.RegisterOnShutdown(func() { time.AfterFunc(drainTime/5, endStreams) })
	err := server.Shutdown(late)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	<-done
	return err
}
