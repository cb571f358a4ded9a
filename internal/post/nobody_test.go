package post_test

import (
	"context"
	"strings"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/post"
	"mainstay/internal/post/posttest"
)

// TestNobodysAddressGetsNothing has an account of an address that cannot be anybody's: those of the program's own checks.
func TestNobodysAddressGetsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	o.to = o.account(t, "prover@localhost.INVALID ")
	o.reset(t)
	err := o.during(t, func(ctx context.Context, tx *gate.InstanceTx) error {
		return o.Address(ctx, tx, "guest@localhost.invalid", "test", post.Test{By: "Ada"})
	})
	if err != nil {
		t.Fatal(err)
	}
	o.drain(t)
	o.wants(t, "")
	if !o.Reaches("ada@invalid.example") || o.Reaches("ada@localhost.invalid") {
		t.Error("whom mail reaches does not go by the end of the address")
	}
}

// TestNobodysAddressGetsNoNotice has the admin's address be nobody's.
func TestNobodysAddressGetsNoNotice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	h.Rename(t, h.Tenant.Admin, "admin", "admin@localhost.invalid")
	h.submit(t, h.Member, h.Case(t, false))
	if len(h.to("owner")) != 1 {
		t.Fatal("the owner got no mail, so that nothing was tried")
	}
	for _, m := range h.Mail.Mails() {
		if strings.HasSuffix(m.To, ".invalid") {
			t.Errorf("a mail went to %s", m.To)
		}
	}
}
