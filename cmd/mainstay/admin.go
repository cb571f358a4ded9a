package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"
	"time"

	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

// adminUsage says what the operator may do on the machine itself.
const adminUsage = `say one of
  mainstay admin setup-link             a new address for the first run, while nobody owns the deployment
  mainstay admin accounts               the accounts: ids, states, last sign-in; --addresses adds their addresses
  mainstay admin disable ACCOUNT        close an account, by its address or id, and end its sessions
  mainstay admin enable ACCOUNT         open it again
  mainstay admin reset-factors ADDRESS  remove somebody's second factors, end their sessions and tell them by mail`

// adminRequest is a command of the operator, as it goes over the control socket.
type adminRequest struct {
	Account   string `json:"account,omitempty"`
	Addresses bool   `json:"addresses,omitempty"`
}

// adminAnswer is what became of it.
type adminAnswer struct {
	Link     string                `json:"link,omitempty"`
	Account  tenant.AccountID      `json:"account,omitzero"`
	Done     string                `json:"done,omitempty"`
	Accounts []identity.Registered `json:"accounts,omitempty"`
	Problem  string                `json:"problem,omitempty"`
}

// admin does what only whoever runs the deployment may, through the running server, which notes it in the log of events.
func admin(ctx context.Context, args []string, s streams) error {
	if len(args) == 0 {
		return usageError(adminUsage)
	}
	ask, asJSON := adminRequest{}, false
	cfg, rest, err := flags("admin "+args[0], args[1:], s, func(set *flag.FlagSet) {
		set.BoolVar(&asJSON, "json", false, "print the answer as JSON")
		if args[0] == "accounts" {
			set.BoolVar(&ask.Addresses, "addresses", false, "print the accounts' addresses, too")
		}
	})
	if err != nil {
		return err
	}
	wanted, known := map[string]int{"setup-link": 0, "accounts": 0, "disable": 1, "enable": 1, "reset-factors": 1}[args[0]]
	if !known || len(rest) != wanted {
		return usageError(adminUsage)
	}
	if wanted == 1 {
		ask.Account = rest[0]
	}
	var got adminAnswer
	err = command(ctx, cfg, "admin/"+args[0], ask, &got)
	if errors.Is(err, errNoServer) {
		return errors.New("no server runs on this data folder, and only a running one can do this. Start it: systemctl start mainstay, or mainstay serve")
	}
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(got)
	} else if got.Problem == "" {
		err = got.print(s.out)
	}
	if got.Problem != "" {
		err = errors.Join(err, errors.New(got.Problem))
	}
	return err
}

func (t adminAnswer) print(w io.Writer) error {
	if t.Link != "" {
		_, err := fmt.Fprintln(w, t.Link)
		return err
	}
	if t.Done != "" {
		_, err := fmt.Fprintln(w, t.Done)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "account\tstate\tmade\tlast sign-in\tsessions\tworkspaces\taddress")
	for _, a := range t.Accounts {
		last := "never"
		if a.LastSignIn != nil {
			last = a.LastSignIn.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", a.ID, a.State, a.CreatedAt.UTC().Format(time.DateOnly), last, a.Sessions, a.Workspaces, a.Email)
	}
	return table.Flush()
}

// answerAdmin does a command of the operator. Whoever reaches the socket is the operator.
func (p *Program) answerAdmin(w http.ResponseWriter, r *http.Request) {
	ctx := tenant.WithActor(r.Context(), tenant.Actor{Address: "this machine", Request: tenant.NewID[tenant.RequestID](p.source)})
	got := adminAnswer{Problem: "The request could not be read."}
	var ask adminRequest
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&ask) == nil {
		var err error
		if got, err = p.administer(ctx, r.PathValue("what"), ask); err != nil {
			got = adminAnswer{Problem: sentence(err)}
		}
		p.Log.Info("administration", "command", r.PathValue("what"), "account", got.Account, "failed", err != nil)
	}
	p.reply(w, got)
}

func (p *Program) administer(ctx context.Context, what string, ask adminRequest) (got adminAnswer, err error) {
	switch what {
	case "setup-link":
		var token tenant.Secret
		if token, err = p.Identity.SetupLink(ctx); err == nil {
			got.Link = p.Config.URL + "/setup/" + token.Reveal()
		}
	case "accounts":
		got.Accounts, err = p.Identity.Accounts(ctx, ask.Addresses)
	case "disable":
		got.Account, err = p.Identity.Disable(ctx, ask.Account)
		got.Done = "The account is disabled and its sessions have ended. mainstay admin enable opens it again."
	case "enable":
		got.Account, err = p.Identity.Enable(ctx, ask.Account)
		got.Done = "The account is open again. Its person signs in as before."
	case "reset-factors":
		err = p.Identity.ResetFactors(ctx, ask.Account)
		got.Done = "The account's factors are removed and its sessions have ended. Its person signs in with the password, and sets up new ones."
	default:
		err = errors.New("the running server does not know this command: it is of another release. Restart it")
	}
	return got, err
}
