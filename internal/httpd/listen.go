package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	drainTime  = 10 * time.Second
	headerSize = 32 << 10

	mostSockets   = 8192
	mostOfAddress = 256
	mostAtOnce    = 128 // requests of one HTTP/2 connection
)

// Listening says where to listen, and to whom.
type Listening struct {
	Address string // host:port, or unix:/path
	TLS     *tls.Config
	// Proxies may connect in the clear from other machines, and as often as they like. Without TLS nobody else on another
	// machine may connect at all.
	Proxies    []netip.Prefix
	PerAddress int  // connections that one address may have open; 256 if zero. Proxies and this machine are not counted.
	Most       int  // connections in all; 8,192 if zero
	Open       bool // answers with redirects only, so that anybody may connect in the clear
}

// Listen opens the listener. Without TLS and without proxies it opens loopback addresses only, so that no password ever crosses a
// network in the clear. A Unix socket can be reached by the process's user and group. One that nobody listens on is replaced.
func (l Listening) Listen(ctx context.Context) (net.Listener, error) {
	if path, ok := strings.CutPrefix(l.Address, "unix:"); ok {
		return l.openSocket(ctx, path)
	}
	if l.TLS == nil && len(l.Proxies) == 0 && !l.Open {
		if err := onlyLoopback(ctx, l.Address); err != nil {
			return nil, err
		}
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", l.Address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", l.Address, err)
	}
	listener = l.Bound(listener)
	if l.TLS == nil {
		return listener, nil
	}
	return tls.NewListener(listener, l.TLS), nil
}

func (l Listening) openSocket(ctx context.Context, path string) (net.Listener, error) {
	if l.TLS != nil {
		return nil, errors.New("a Unix socket speaks no TLS: the proxy before it does")
	}
	var dialer net.Dialer
	if conn, err := dialer.DialContext(ctx, "unix", path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("another process listens on %s", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("removing the socket that nobody listens on: %w", err)
		}
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the socket to its group: %w", err), listener.Close())
	}
	return listener, nil
}

func onlyLoopback(ctx context.Context, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("reading the address %q: %w", addr, err)
	}
	refusal := fmt.Errorf("%s is reachable from other machines: give a certificate, list the proxies, or listen on 127.0.0.1", addr)
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

// Bound puts the limits around a listener that is open already.
func (l Listening) Bound(inner net.Listener) net.Listener {
	b := &bounded{Listener: inner, Listening: l, open: map[netip.Addr]int{}}
	if b.PerAddress == 0 {
		b.PerAddress = mostOfAddress
	}
	if b.Most == 0 {
		b.Most = mostSockets
	}
	return b
}

// bounded is a listener that hangs up on who has too many connections, or may have none.
type bounded struct {
	net.Listener
	Listening
	mu   sync.Mutex
	all  int
	open map[netip.Addr]int
}

// Accept returns the next connection that is let in.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		address := plain(peer.Addr())
		counted := !address.IsLoopback() && !slices.ContainsFunc(b.Proxies, func(p netip.Prefix) bool { return p.Contains(address) })
		if counted && b.TLS == nil && !b.Open || !b.enter(address, counted) {
			_ = conn.Close()
			continue
		}
		return &held{Conn: conn, leave: sync.OnceFunc(func() { b.leave(address, counted) })}, nil
	}
}

func (b *bounded) enter(a netip.Addr, counted bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= b.Most || counted && b.open[a] >= b.PerAddress {
		return false
	}
	b.all++
	if counted {
		b.open[a]++
	}
	return true
}

func (b *bounded) leave(a netip.Addr, counted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if !counted {
		return
	}
	if b.open[a]--; b.open[a] <= 0 {
		delete(b.open, a)
	}
}

// held is a connection that is counted until it is closed.
type held struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (h *held) Close() error {
	h.leave()
	return h.Conn.Close()
}

// Run serves on the listener until ctx ends; then it takes no new request and gives those that run ten seconds.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	return run(ctx, listener, s.Handler(), s.cfg)
}

// Serve answers with a handler as Run does, with the same limits.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, log *slog.Logger) error {
	return run(ctx, listener, h, Config{Log: log, Patience: headerTime})
}

func run(ctx context.Context, listener net.Listener, h http.Handler, cfg Config) error {
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer endStreams()
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: cfg.Patience,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerSize,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: mostAtOnce},
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
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
