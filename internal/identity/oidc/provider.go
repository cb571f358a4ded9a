package oidc

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

type providerNoun struct{}

func (providerNoun) Prefix() string { return "idp" }

// ID names a workspace's provider.
type ID = tenant.ID[providerNoun]

// Kind says by which rules a provider's word is taken.
type Kind string

// The kinds.
const (
	Google    Kind = "google"
	Microsoft Kind = "microsoft"
	Other     Kind = "oidc"
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Google, Microsoft, Other} }

// Name returns what people call a provider of the kind, whose issuer is at the host.
func (k Kind) Name(host string) string {
	switch k {
	case Google:
		return "Google"
	case Microsoft:
		return "Microsoft"
	}
	return host
}

// Provider is an identity provider with the client that it knows us as.
type Provider struct {
	Name      string             // "google", "microsoft", or the written ID of a workspace's: in addresses, factors and links
	Workspace tenant.WorkspaceID // whose it is; zero: the deployment's
	Kind      Kind
	Issuer    string // of Microsoft without tenant and version
	Client    string
	Secret    tenant.Secret
	Rules
}

// Rules are what a provider's owner asks of those who come through it.
type Rules struct {
	Domains []string      `json:"domains,omitempty"` // Google: the organisations (hd) whose people may come; empty: all
	Tenants []string      `json:"tenants,omitempty"` // Microsoft: the tenants (tid) whose people may come; never empty
	Classes []string      `json:"classes,omitempty"` // authentication context classes (acr), of which one is asked for and must be met
	Second  bool          `json:"second,omitempty"`  // the provider must say that a second factor was shown
	MaxAge  time.Duration `json:"max_age,omitempty"` // how long after its sign-in there the provider's word holds; zero: not asked for
}

// whole reports what is missing.
func (p Provider) whole() error {
	u, err := url.Parse(p.Issuer)
	switch {
	case !slices.Contains(Kinds(), p.Kind):
		return fault.New(fault.Invalid, "Choose Google, Microsoft or another provider.")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(p.Issuer) > 300:
		return fault.Wrap(fault.Invalid, "Enter the provider's issuer as it writes it, such as https://login.example.com.", errors.New("unreadable issuer"))
	case !printable(p.Client, 300):
		return fault.New(fault.Invalid, "Enter the client ID as the provider gave it.")
	case !printable(p.Secret.Reveal(), 1000):
		return fault.New(fault.Invalid, "Enter the client secret as the provider gave it.")
	}
	return p.Rules.whole(p.Kind)
}

func printable(text string, most int) bool {
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (r Rules) whole(kind Kind) error {
	switch {
	case kind == Microsoft && len(r.Tenants) == 0:
		return fault.New(fault.Invalid, "Enter the ID of each Microsoft tenant whose people may come, such as 72f988bf-86f1-41af-91ab-2d7cd011db47.")
	case slices.ContainsFunc(r.Tenants, func(t string) bool { return !isTenant(t) }):
		return fault.New(fault.Invalid, "A Microsoft tenant's ID looks like 72f988bf-86f1-41af-91ab-2d7cd011db47. Copy it from the directory's overview.")
	case slices.ContainsFunc(r.Domains, func(d string) bool { return !isDomain(d) }):
		return fault.New(fault.Invalid, "Enter domains such as example.com.")
	case slices.ContainsFunc(r.Classes, func(c string) bool { return !printable(c, 200) }), len(r.Tenants)+len(r.Domains)+len(r.Classes) > 50:
		return fault.New(fault.Invalid, "Enter classes of authentication as the provider writes them, at most 50.")
	case r.MaxAge < 0 || r.MaxAge > 30*24*time.Hour:
		return fault.New(fault.Invalid, "A sign-in there can hold for 720 hours here at most.")
	}
	return nil
}

// isTenant reports whether a text is the GUID of a tenant, in lower case as tokens have it. Names such as "common" are none.
func isTenant(t string) bool {
	if len(t) != 36 {
		return false
	}
	for i, r := range t {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdef", r) {
			return false
		}
	}
	return true
}

// isDomain reports whether a text is a domain below a top-level one, in lower case and in the form that DNS has (RFC 5890).
func isDomain(d string) bool {
	labels := strings.Split(d, ".")
	if len(labels) < 2 || len(d) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// domainOf returns the part of an address after its last @, in lower case.
func domainOf(email string) string {
	return strings.ToLower(email[strings.LastIndexByte(email, '@')+1:])
}

// placeholder is what Microsoft's discovery for many tenants has in the place of one.
const placeholder = "{tenantid}"

// authority is where discovery is found, and the issuer that it must name.
func (p Provider) authority() (address, issuer string) {
	if p.Kind != Microsoft {
		return p.Issuer, p.Issuer
	}
	if len(p.Tenants) == 1 {
		return p.issuerFor(p.Tenants[0]), p.issuerFor(p.Tenants[0])
	}
	return p.issuerFor("organizations"), p.issuerFor(placeholder)
}

// issuerFor returns the issuer of a tenant's tokens.
func (p Provider) issuerFor(tenant string) string {
	return strings.TrimSuffix(p.Issuer, "/") + "/" + tenant + "/v2.0"
}

// Factor is what a session is said to have been begun with.
func (p Provider) Factor() string { return "oidc:" + p.Name }
