package remote

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

// Login lets this machine's command line act as a person, who allows it in their browser (RFC 8628).
func Login(ctx context.Context, args []string, s Streams) error {
	set := flag.NewFlagSet("mainstay login", flag.ContinueOnError)
	set.SetOutput(s.Err)
	server := set.String("server", "", "address of the deployment (default "+client.DefaultServer+")")
	if err := set.Parse(args); err != nil {
		return errors.Join(ErrUsage, err)
	}
	if set.NArg() > 0 {
		return usage("login takes no arguments")
	}
	c, err := client.New(*server, s.Environ, s.Now)
	if err != nil {
		return err
	}
	err = c.Login(ctx, loginScopes(), func(address, code string) {
		fmt.Fprintf(s.Out, "Open %s\nand allow the code %s\n", address, code)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "Signed in to %s.\n", c.Server)
	return nil
}

// Logout ends this machine's standing at the server and forgets it here.
func Logout(ctx context.Context, args []string, s Streams) error {
	if len(args) > 0 {
		return usage("logout takes no arguments")
	}
	c, err := client.New("", s.Environ, s.Now)
	if err != nil {
		return err
	}
	err = c.Logout(ctx)
	if errors.Is(err, client.ErrSignIn) {
		fmt.Fprintln(s.Out, "Nobody was signed in on this machine.")
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "Signed out.")
	return nil
}
