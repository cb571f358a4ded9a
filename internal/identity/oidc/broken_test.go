//go:build drill

package oidc_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// broken are builds in which one defence is missing, and the test that sees it.
func broken() []struct{ name, file, from, to, sees string } {
	return []struct{ name, file, from, to, sees string }{
		{"the state is not compared", "state.go", `subtle.ConstantTimeCompare([]byte(want), []byte(back.State)) != 1`, `false && subtle.ConstantTimeCompare(nil, []byte(want)) == 2`, "TestAnswersThatAreNotOfThisJourney"},
		{"the provider's address is not compared", "state.go", `case j.Provider != back.Provider:`, `case false:`, "TestAnswersThatAreNotOfThisJourney"},
		{"the session is not compared", "state.go", `case j.Session != tenant.Visitor(ctx).Session:`, `case false:`, "TestAnswersThatAreNotOfThisJourney"},
		{"a journey has no end", "state.go", `case s.Source.Now().Unix() >= j.Ends:`, `case false:`, "TestAnswersThatAreNotOfThisJourney"},
		{"a state works twice", "store.go", `if err == nil && tag.RowsAffected() != 1 {
		return errJourney("a state that was used")`, `if err == nil && tag.RowsAffected() > 1 {
		return errJourney("a state that was used")`, "TestAnswersThatAreNotOfThisJourney|TestAStateIsSpentOnceAmongMany"},
		{"the code goes out before the state is spent", "flow.go", `	if err := s.use(ctx, back.State, j); err != nil {
		return Arrival{}, err
	}
	id, err := s.redeem(ctx, p, m, j, back)`, `	id, err := s.redeem(ctx, p, m, j, back)
	if err := s.use(ctx, back.State, j); err != nil {
		return Arrival{}, err
	}`, "TestAnswersThatAreNotOfThisJourney"},
		{"no PKCE", "flow.go", `oauth2.S256ChallengeOption(j.Verifier)`, `oauth2.S256ChallengeOption("a verifier of the attacker's")`, "TestALinkedPersonSignsIn"},
		{"PKCE's verifier is the attacker's", "flow.go", `oauth2.VerifierOption(j.Verifier)`, `oauth2.VerifierOption("a verifier of the attacker's")`, "TestALinkedPersonSignsIn"},
		{"the nonce is not compared", "verify.go", `nonce == "" || subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1`, `false && subtle.ConstantTimeCompare(nil, nil) == 2`, "TestProvidersThatMisbehave"},
		{"the answer's issuer is not compared", "state.go", `	return errProvider(errors.New("the answer names another issuer, or none"))`, `	_ = errors.New
	return nil`, "TestProvidersThatMisbehave"},
		{"discovery's issuer is not compared", "discover.go", `if m.Issuer != issuer {`, `if false {`, "TestDiscoveryThatNamesAnother"},
		{"discovery's addresses are not looked at", "discover.go", `if err := s.Egress.Askable(u, s.own()...); err != nil {`, `if err := error(nil); u == nil {`, "TestDiscoveryThatNamesAnother"},
		{"PKCE's kind is not looked at", "discover.go", `len(m.Challenges) > 0 && !slices.Contains(m.Challenges, "S256")`, `false`, "TestDiscoveryThatNamesAnother"},
		{"the audience is not compared", "verify.go", `ClientID: p.Client, Supported`, `SkipClientIDCheck: true, Supported`, "TestProvidersThatMisbehave"},
		{"the party is not compared", "verify.go", `case c.Party != "" && c.Party != p.Client, len(token.Audience) > 1 && c.Party == "":`, `case false:`, "TestProvidersThatMisbehave"},
		{"the signature is not verified", "verify.go", `ClientID: p.Client, Supported`, `InsecureSkipSignatureCheck: true, ClientID: p.Client, Supported`, "TestProvidersThatMisbehave"},
		{"every algorithm is believed", "discover.go", `oidc.RS256, oidc.ES256, oidc.EdDSA}`, `oidc.RS256, oidc.ES256, oidc.EdDSA, oidc.RS512}`, "TestProvidersThatMisbehave"},
		{"the end is not looked at", "verify.go", `ClientID: p.Client, Supported`, `SkipExpiryCheck: true, ClientID: p.Client, Supported`, "TestProvidersThatMisbehave"},
		{"the beginning is not looked at", "verify.go", `case token.IssuedAt.Unix() <= 0 || token.IssuedAt.After(now.Add(leeway)):`, `case false:`, "TestProvidersThatMisbehave"},
		{"a token that is not good yet is taken", "verify.go", `case time.Unix(c.NotBefore, 0).After(now.Add(leeway)):`, `case false:`, "TestProvidersThatMisbehave"},
		{"no subject is needed", "verify.go", `case token.Subject == "" || len(token.Subject) > 255:`, `case false:`, "TestALinkIsFoundByIssuerAndSubject"},
		{"all answer at one address", "flow.go", `"/sign-in/callback/" + url.PathEscape(name)`, `"/sign-in/callback/" + url.PathEscape(name)[:0]`, "TestALinkedPersonSignsIn"},
		{"the address is the identity", "link.go", `"\x00" + id.Issuer + "\x00" + id.Subject`, `"\x00" + id.Email`, "TestALinkIsFoundByIssuerAndSubject"},
		{"the issuer is no part of the identity", "link.go", `"\x00" + id.Issuer + "\x00" + id.Subject`, `"\x00" + id.Subject`, "TestManyTenantsOfMicrosoft"},
		{"the provider is no part of the identity", "link.go", `"identity\x00" + p.Name + "\x00" + id.Issuer`, `"identity\x00"`, "TestAWorkspacesProviderIsBelievedThereOnly"},
		{"every address links", "verify.go", `good := c.Verified == true`, `good := true`, "TestAnAddressLinks"},
		{"Google's hosting is not looked at", "verify.go", `good = good && (domainOf`, `good = good || (domainOf`, "TestAnAddressLinks"},
		{"Microsoft's e-mail is taken for proof", "verify.go", `good = c.Owned == true ||`, `good = c.Email != "" ||`, "TestAnAddressLinks"},
		{"no domain must be proven", "store.go", `join control.proven_domain d on d.workspace_id = s.workspace_id and d.domain_hmac = $2 and d.ends_at > $4`, `left join control.proven_domain d on d.domain_hmac = $2 and d.ends_at > $4`, "TestAnAddressLinks|TestADomainIsOfTheWorkspaceOnly"},
		{"an address that nobody verified here links", "store.go", `and a.verified_at is not null`, `and true`, "TestAnAddressThatNobodyVerifiedHere"},
		{"a proof is everybody's", "store.go", `on d.workspace_id = s.workspace_id and d.domain_hmac = $2`, `on d.domain_hmac = $2`, "TestADomainIsOfTheWorkspaceOnly"},
		{"a proof has no end", "store.go", `and d.domain_hmac = $2 and d.ends_at > $4`, `and d.domain_hmac = $2 and d.ends_at > $4 - interval '10 years'`, "TestADomainIsOfTheWorkspaceOnly"},
		{"a workspace's provider links anybody", "store.go", `and ($3::uuid is null or s.workspace_id = $3) limit 1`, `and ($3::uuid is null or true) limit 1`, "TestAWorkspacesProviderIsBelievedThereOnly"},
		{"a workspace's provider lets in everywhere", "link.go", `, Workspace: p.Workspace}`, `}`, "TestAWorkspacesProviderIsBelievedThereOnly"},
		{"another workspace's provider can be linked", "link.go", `if !p.Workspace.IsZero() && p.Workspace != actor.Workspace {`, `if false && p.Workspace != actor.Workspace {`, "TestAWorkspacesProviderIsBelievedThereOnly"},
		{"a workspace's provider changes the account", "link.go", `err = identity.Own(actor)`, `err = nil`, "TestAWorkspacesProviderIsBelievedThereOnly"},
		{"Google's organisation is not looked at", "verify.go", `if p.Kind == Google && len(p.Domains) > 0 && !slices.Contains(p.Domains, c.Hosted) {`, `if false {`, "TestWhoMayCome"},
		{"Microsoft's tenant is not looked at", "verify.go", `if !slices.Contains(p.Tenants, unverified.Tenant) {`, `if false {`, "TestManyTenantsOfMicrosoft"},
		{"a second factor is always there", "verify.go", `if resistant || slices.Contains(c.Methods, "mfa") {`, `if true {`, "TestTheProvidersSecondFactor"},
		{"what must be said need not be", "verify.go", `if p.Second && !slices.Contains(p.shown(c), "mfa") {`, `if false {`, "TestWhatAProviderMustSay"},
		{"the class is not looked at", "verify.go", `if len(p.Classes) > 0 && !slices.Contains(p.Classes, c.Class) {`, `if false {`, "TestWhatAProviderMustSay"},
		{"the age is not looked at", "verify.go", `if p.MaxAge > 0 && (c.SignedInAt`, `if false && (c.SignedInAt`, "TestWhatAProviderMustSay"},
		{"the session has no end of the provider's", "link.go", `Until: id.Until, `, ``, "TestASessionEndsWithTheProvidersWord"},
		{"sessions stay when their provider goes", "store.go", `and bound_id = $2 and ended_at is null returning id`, `and bound_id = $2 and ended_at is not null returning id`, "TestAWorkspacesProvider"},
	}
}

// TestBrokenBuildsAreSeen builds the package without one defence after the other and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	for _, b := range broken() {
		t.Run(b.name, func(t *testing.T) {
			here, err := filepath.Abs(b.file)
			check(t, err)
			source, err := os.ReadFile(here)
			check(t, err)
			if n := strings.Count(string(source), b.from); n != 1 {
				t.Fatalf("%s holds it %d times: %s", b.file, n, b.from)
			}
			changed := filepath.Join(t.TempDir(), b.file)
			check(t, os.WriteFile(changed, []byte(strings.Replace(string(source), b.from, b.to, 1)), 0o600))
			overlay, err := json.Marshal(map[string]map[string]string{"Replace": {here: changed}})
			check(t, err)
			list := filepath.Join(t.TempDir(), "overlay.json")
			check(t, os.WriteFile(list, overlay, 0o600))
			out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-count=1", "-overlay", list, "-run", "^("+b.sees+")", ".").CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: Test") {
				t.Errorf("%s does not see it: %v\n%s", b.sees, err, out)
			}
		})
	}
}
