package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The control socket is how commands on this machine reach a running server. It lies in a folder of the data folder that only
// the server's own user can enter, and whoever can open it may do what the operator may.
const (
	controlFolder = "control"
	controlSocket = "socket"
)

// errNoServer says that no server runs on a data folder.
var errNoServer = errors.New("no server runs on this data folder")

// within calls fn with the address of the data folder's control socket. A socket's address has at most 107 bytes, however
// deep the folder lies, so that it is reached by the open folder.
func within(data string, fn func(address string) error) error {
	dir, err := os.Open(filepath.Join(data, controlFolder))
	if err != nil {
		return err
	}
	defer dir.Close()
	return fn(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), controlSocket))
}

// control answers commands of this machine until ctx ends.
func (p *Program) control(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Join(p.Config.Data, controlFolder), 0o700); err != nil {
		return fmt.Errorf("making the control folder: %w", err)
	}
	return within(p.Config.Data, func(address string) error {
		if err := os.Remove(address); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the control socket of a server that was killed: %w", err)
		}
		listener, err := net.Listen("unix", address)
		if err != nil {
			return fmt.Errorf("opening the control socket: %w", err)
		}
		mux := http.NewServeMux()
		mux.HandleFunc("POST /prove", p.answerProve)
		mux.HandleFunc("POST /admin/{what}", p.answerAdmin)
		server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
		go func() {
			<-ctx.Done()
			_ = server.Close()
		}()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("answering on the control socket: %w", err)
		}
		return nil
	})
}

// answerProve runs the checks for the command.
func (p *Program) answerProve(w http.ResponseWriter, r *http.Request) {
	var ids []string
	got := proved{}
	switch err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&ids); {
	case err != nil:
		got.Problem = "The request could not be read."
	case !p.proving.TryLock():
		got.Problem = sentence(busy())
	default:
		defer p.proving.Unlock()
		got = p.prove(r.Context(), ids)
	}
	p.reply(w, got)
}

// reply answers a command.
func (p *Program) reply(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		p.Log.Warn("answering a command", "error", err)
	}
}

// askServer has the running server check the promises. It fails with errNoServer where none runs.
func askServer(ctx context.Context, cfg Config, ids []string) (proved, error) {
	var got proved
	err := command(ctx, cfg, "prove", append([]string{}, ids...), &got)
	return got, err
}

// command asks the running server for something and reads its answer. It fails with errNoServer where none runs.
func command(ctx context.Context, cfg Config, path string, ask, answer any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	err = within(cfg.Data, func(address string) error {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", address)
		}}}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/"+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		return json.NewDecoder(res.Body).Decode(answer)
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return errNoServer
	}
	if errors.Is(err, fs.ErrPermission) {
		return errors.New("only root and the user who runs the server may ask it: use sudo")
	}
	if err != nil {
		return fmt.Errorf("asking the running server: %w", err)
	}
	return nil
}
