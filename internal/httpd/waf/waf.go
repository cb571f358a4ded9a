// Package waf is the Core Rule Set of OWASP, run by coraza, over the address and the headers of a request, without its cookies. It
// never sees a body: on what people write it refused ordinary notes, and content is no business of a filter before the door.
//
// It is one wall of several, in front of what needs no session. What passes it is still checked by everything behind it.
package waf

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
)

// settings run the rules at paranoia level 1 and let the methods pass that our routes have. What comes back from an identity
// provider is an address and two random texts: the rules take some of them for attacks, and their route compares each to the letter.
const settings = `
SecRuleEngine On
SecRequestBodyAccess Off
SecResponseBodyAccess Off
SecAuditEngine Off
SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level=1"
SecAction "id:900200,phase:1,pass,t:none,nolog,setvar:'tx.allowed_methods=GET HEAD POST OPTIONS PUT PATCH DELETE'"
Include @crs-setup.conf.example
SecRule REQUEST_FILENAME "@beginsWith /sign-in/callback/" "id:1000,phase:1,pass,t:none,nolog,\
ctl:ruleRemoveTargetByTag=OWASP_CRS;ARGS:iss,ctl:ruleRemoveTargetByTag=OWASP_CRS;ARGS:code,ctl:ruleRemoveTargetByTag=OWASP_CRS;ARGS:state"
`

// ruleFiles are the files of the set that look at requests. 920350 wants a name in Host: a server on one's own machine is asked
// by its address. 920420 lists types of bodies: ours are checked by the routes that take them.
const (
	ruleFiles = `901-INITIALIZATION 905-COMMON-EXCEPTIONS 911-METHOD-ENFORCEMENT 913-SCANNER-DETECTION 920-PROTOCOL-ENFORCEMENT
921-PROTOCOL-ATTACK 930-APPLICATION-ATTACK-LFI 931-APPLICATION-ATTACK-RFI 932-APPLICATION-ATTACK-RCE 933-APPLICATION-ATTACK-PHP
934-APPLICATION-ATTACK-GENERIC 941-APPLICATION-ATTACK-XSS 942-APPLICATION-ATTACK-SQLI 943-APPLICATION-ATTACK-SESSION-FIXATION
944-APPLICATION-ATTACK-JAVA 949-BLOCKING-EVALUATION`
	leftOut = "SecRuleRemoveById 920350 920420\n"
)

// Firewall compiles the rules when the first request asks for them, and keeps them. It is safe for concurrent use.
type Firewall struct {
	compiled func() (coraza.WAF, error)
}

// New returns a firewall. Nothing is compiled yet: that takes about 60 ms and 12 MB.
func New() *Firewall {
	return &Firewall{sync.OnceValues(compile)}
}

func compile() (coraza.WAF, error) {
	var directives strings.Builder
	directives.WriteString(settings)
	for _, name := range strings.Fields(ruleFiles) {
		fmt.Fprintf(&directives, "Include @owasp_crs/REQUEST-%s.conf\n", name)
	}
	directives.WriteString(leftOut)
	wall, err := coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(coreruleset.FS).WithDirectives(directives.String()))
	if err != nil {
		return nil, fmt.Errorf("compiling the firewall's rules: %w", err)
	}
	return wall, nil
}

// Check fails where the rules do not compile.
func (f *Firewall) Check() error {
	_, err := f.compiled()
	return err
}

// Refuses reports whether a request is refused, and the first rule that it broke. Address is the client's. A set of rules that
// does not compile refuses everything with rule 0.
func (f *Firewall) Refuses(r *http.Request, address string) (rule int, refused bool) {
	wall, err := f.compiled()
	if err != nil {
		return 0, true
	}
	tx := wall.NewTransaction()
	defer func() { _ = tx.Close() }()
	tx.ProcessConnection(address, 0, "", 0)
	tx.ProcessURI(r.URL.RequestURI(), r.Method, r.Proto)
	for name, values := range r.Header {
		if name == "Cookie" {
			continue // ours are compared as digests, and what a neighbour of the domain left here is not ours to judge
		}
		for _, value := range values {
			tx.AddRequestHeader(name, value)
		}
	}
	tx.AddRequestHeader("Host", r.Host)
	tx.SetServerName(r.Host)
	decision := tx.ProcessRequestHeaders()
	if decision == nil {
		// The set decides once the body is through. There is none for it.
		decision, err = tx.ProcessRequestBody()
	}
	if decision == nil && err == nil {
		return 0, false
	}
	return broken(tx.MatchedRules()), true
}

// broken returns the first rule that found something: those of 900 to 909 prepare, and those of 949 count what others found.
func broken(matched []types.MatchedRule) int {
	last := 0
	for _, m := range matched {
		id := m.Rule().ID()
		if id >= 910000 && id < 949000 && m.Rule().Severity() <= types.RuleSeverityWarning && m.Message() != "" {
			return id
		}
		last = id
	}
	return last
}
