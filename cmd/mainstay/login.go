package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"mainstay/internal/client"
	"mainstay/internal/gate"
)

// loginScopes are what the command line asks for: what its commands need.
func loginScopes() []string {
	return []string{string(gate.MeetingsRead), string(gate.MeetingsWrite), string(gate.MembersRead)}
}

// login lets this machine's command line act as a person, who allows it in their browser (RFC 8628).
func login(ctx context.Context, args []string, s streams) error {
	set := flag.NewFlagSet("mainstay login", flag.ContinueOnError)
	set.SetOutput(s.err)
	server := set.String("server", "", "address of the deployment (default "+client.DefaultServer+")")
	if err := set.Parse(args); err != nil {
		return errors.Join(errUsage, err)
	}
	if set.NArg() > 0 {
		return usageError("login takes no arguments")
	}
	c, err := client.New(*server, s.environ, now)
	if err != nil {
		return err
	}
	err = c.Login(ctx, loginScopes(), func(address, code string) {
		fmt.Fprintf(s.out, "Open %s\nand allow the code %s\n", address, code)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Signed in to %s.\n", c.Server)
	return nil
}

// logout ends this machine's standing at the server and forgets it here.
func logout(ctx context.Context, args []string, s streams) error {
	if len(args) > 0 {
		return usageError("logout takes no arguments")
	}
	c, err := client.New("", s.environ, now)
	if err != nil {
		return err
	}
	err = c.Logout(ctx)
	if errors.Is(err, client.ErrSignIn) {
		fmt.Fprintln(s.out, "Nobody was signed in on this machine.")
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "Signed out.")
	return nil
}
