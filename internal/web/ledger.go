package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/egress"
)

// LedgerPage lists what left the deployment for a language model or a speech engine, and how much, never what it said.
type LedgerPage struct {
	Shell
	Rows []LedgerRow
}

// Page implements View.
func (LedgerPage) Page() string { return "ledger" }

// LedgerRow is one call.
type LedgerRow struct {
	When                                 Stamp
	Purpose, Model, Host, Region, Fields string
	Out, In, Tokens                      string
	State                                StateChip
}

func (a *App) showLedger(w http.ResponseWriter, r *http.Request) error {
	shell, err := a.shell(r, "What left", "/settings/ledger")
	if err != nil {
		return err
	}
	entries, err := a.Egress.Ledger(r.Context())
	if err != nil {
		return err
	}
	p := LedgerPage{Shell: shell}
	for _, e := range entries {
		p.Rows = append(p.Rows, ledgerRow(e, zoneOf(r)))
	}
	return a.show(w, p)
}

func ledgerRow(e egress.Entry, zone *time.Location) LedgerRow {
	row := LedgerRow{When: StampAt(e.BegunAt, zone), Purpose: e.Purpose, Model: e.Model, Host: e.Host, Region: e.Region,
		Fields: strings.Join(e.Fields, ", "), Out: sizeText(e.BytesOut), In: sizeText(e.BytesIn), Tokens: fmt.Sprint(e.TokensIn + e.TokensOut)}
	if row.Model == "" {
		row.Model = e.Provider
	}
	if row.Fields == "" {
		row.Fields = "an invented sentence"
	}
	switch e.State {
	case "done":
		row.State = StateChip{"approved", "circle-check", "Answered"}
	case "begun":
		row.State = StateChip{"running", "activity", "On its way"}
	case "interrupted":
		row.State = StateChip{"dead", "triangle-alert", "Interrupted"}
	default:
		row.State = StateChip{"dead", "triangle-alert", "Failed"}
		if e.Status != 0 {
			row.State.Text = fmt.Sprintf("Failed, status %d", e.Status)
		}
	}
	return row
}

func sizeText(n int64) string {
	if n < 10_000 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%d kB", n/1000)
}
