package trust

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"mainstay/internal/gate"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
	"mainstay/internal/trust/loopback"
)

// securityEnabled has a workspace ask for a second factor. Who has none is led to where they set one up, and who has one goes on.
func securityEnabled(ctx context.Context, p *proof) (finding, error) {
	policy, err := p.Roster.SignIn(p.other.as(ctx))
	if err != nil {
		return finding{}, err
	}
	asks := policy
	asks.Factor = gate.Second
	if err := p.Roster.ChangeSignIn(p.other.as(ctx), asks); err != nil {
		return finding{}, fmt.Errorf("asking for a second factor: %w", err)
	}
	found, err := p.led(ctx)
	policy.Version = asks.Version + 1
	return found, errors.Join(err, p.Roster.ChangeSignIn(p.other.as(context.WithoutCancel(ctx)), policy))
}

// led looks at where the pages lead a person by what they showed.
func (p *proof) led(ctx context.Context) (finding, error) {
	b, err := p.browser()
	if err != nil {
		return finding{}, err
	}
	defer b.close()
	weak, strong := p.other, p.other
	weak.owner.Factors, strong.owner.Factors = []string{factor.KindPassword}, []string{factor.KindPassword, factor.KindTOTP}
	b.tokens[&weak], b.tokens[&strong] = rand.Text(), rand.Text()
	for _, path := range []string{"/", "/meetings", "/jobs"} {
		got, err := b.get(ctx, &weak, path)
		if err != nil {
			return finding{}, err
		}
		if got.status != http.StatusSeeOther {
			return fail("a password alone opens %s of a workspace that asks for a second factor (%d)", path, got.status)
		}
		if got, err = b.get(ctx, &strong, path); err != nil || got.status != http.StatusOK {
			return fail("a password and a second factor do not open %s of such a workspace (%d)", path, got.status)
		}
	}
	public := map[string]bool{}
	for _, r := range p.Routes {
		public[r.Method+" "+r.Pattern] = r.Policy == "public"
	}
	for _, route := range []string{"GET /account/security", "POST /account/security/app", "POST /account/security/passkey"} {
		if open, known := public[route]; !known || open {
			return fail("there is no page of a signed-in person at %s", route)
		}
	}
	return pass("3 of 3 pages ask a password alone for more and open for a second factor; people set it up at /account/security")
}

// codesOfApps tries an authenticator app and recovery codes on an account that is never stored.
func codesOfApps(ctx context.Context, p *proof) (finding, error) {
	r, err := p.Identity.Factors.Rehearse(ctx, "000000")
	if err != nil {
		return finding{}, err
	}
	for held, broken := range map[*bool]string{&r.Sealed: "an app's secret is readable in the database", &r.Window: "codes are taken that are more than a step away, or not those that are one",
		&r.Once: "a code is taken twice, or after a later one", &r.Locked: "codes are looked at after five wrong ones", &r.Recovery: "a recovery code is taken twice, or readable"} {
		if !*held {
			return fail("%s", broken)
		}
	}
	return pass("RFC 6238: 3 of 5 steps taken, each once; locked after 5 wrong codes; 1 of 10 recovery codes taken once and no other readable")
}

// codesByText sends a code through a gateway of the check's own, and tries what came out of it.
func codesByText(ctx context.Context, p *proof) (finding, error) {
	var inbox loopback.Inbox
	address, closing, err := loopback.Serve(&inbox, nil)
	if err != nil {
		return finding{}, err
	}
	defer closing()
	at, err := url.Parse(address)
	if err != nil {
		return finding{}, err
	}
	code, err := factor.NewCode(rand.Reader)
	if err != nil {
		return finding{}, err
	}
	gateway := &factor.HTTPGateway{URL: at, Client: p.Egress.Errand(at.Host)}
	if err := enrolment.RehearseTexts(ctx, gateway, code); err != nil {
		return finding{}, err
	}
	if inbox.Code() != code {
		return fail("the gateway got another code than was sent")
	}
	r, err := p.Identity.Factors.Rehearse(ctx, code)
	if err != nil {
		return finding{}, err
	}
	for held, broken := range map[*bool]string{&r.Text: "a code is refused, or taken twice", &r.Bound: "a code is taken for another sign-in than its own",
		&r.Over: "a code is taken after ten minutes", &r.TextsLocked: "codes are looked at after five wrong ones"} {
		if !*held {
			return fail("%s", broken)
		}
	}
	state := "off here, because no gateway is set"
	if p.Identity.Factors.Texts != nil {
		state = "on here, with a warning"
	}
	return pass("a stand-in's code is taken once, for its own sign-in, within 10 minutes; locked after 5 wrong ones; %s", state)
}
