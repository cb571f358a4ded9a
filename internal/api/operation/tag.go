package operation

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
)

// tagOf is the strong entity tag of an answer: it changes with every byte of it.
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// named reports whether a list of entity tags holds tag, or is "*". Weak tags count where weak is set (RFC 9110, 13.1).
func named(headers []string, tag string, weak bool) bool {
	for _, one := range strings.Split(strings.Join(headers, ","), ",") {
		one = strings.TrimSpace(one)
		if weak {
			one = strings.TrimPrefix(one, "W/")
		}
		if one == "*" || strings.Replace(one, httpd.ZippedTag+`"`, `"`, 1) == tag {
			return true
		}
	}
	return false
}

// Match is embedded in the input of an operation that changes what has an entity tag.
type Match struct {
	IfMatch string `header:"If-Match" doc:"The ETag of what you read. Asterisk: whatever is there now." maxLength:"200"`
}

// Of fails with 412 unless what the client read is what is there now: body is the answer that GET would give.
func (m Match) Of(body any) error {
	var now bytes.Buffer
	if err := write(&now, body); err != nil {
		return err
	}
	if !named([]string{m.IfMatch}, tagOf(now.Bytes()), false) {
		return stale()
	}
	return nil
}

func stale() error {
	return httpd.Refuse(http.StatusPreconditionFailed, "This changed after you read it. Read it again, and send the new tag.")
}

// Stale turns a service's conflict of versions into the refusal that a precondition gives.
func Stale(err error) error {
	if fault.Is(err, fault.Conflict) {
		return stale()
	}
	return err
}

// precondition fails with 428 where the tag of what is changed must be sent and is not.
func (x *exchange) precondition() error {
	if x.op.IfMatch && x.r.Header.Get("If-Match") == "" {
		return httpd.Refuse(http.StatusPreconditionRequired, "Send the ETag of what you read in the header If-Match.")
	}
	return nil
}
