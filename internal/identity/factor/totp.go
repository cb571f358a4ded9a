package factor

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"rsc.io/qr"
)

// period is how long a code of an authenticator app is the current one (RFC 6238, section 5.2).
const period = 30

// NewSecret returns 160 random bits in the base32 that authenticator apps take (RFC 4226, section 4, R6).
func NewSecret(random io.Reader) (string, error) {
	raw := make([]byte, 20)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("making an app's secret: %w", err)
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw), nil
}

// KeyURI returns what an authenticator app reads from a QR code: SHA-1, six digits, 30 seconds, which every app knows.
func KeyURI(secret, issuer, account string) string {
	about := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	// Apps read %20 as a space, and a plus sign as itself.
	query := strings.ReplaceAll(about.Encode(), "+", "%20")
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(account) + "?" + query
}

// Step returns the number of the time step that an instant lies in.
func Step(at time.Time) int64 { return at.Unix() / period }

// MatchTOTP returns the time step whose code was typed: the one of the instant, or its neighbour on either side, for clocks that
// differ (RFC 6238, section 6). A step that is not after used never matches, so that a caller who keeps the returned step takes
// no code twice, nor an older one.
func MatchTOTP(secret, typed string, at time.Time, used int64) (int64, bool) {
	code, ok := NormalCode(typed)
	if !ok {
		return 0, false
	}
	found, matched := int64(0), false
	for step := Step(at) - 1; step <= Step(at)+1; step++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > used {
			found, matched = step, true
		}
	}
	return found, matched
}

// Picture is a QR code as one path of an SVG of Size by Size units, its quiet zone included.
type Picture struct {
	Size int
	Path string
}

// Draw returns the QR code of a text.
func Draw(text string) (Picture, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return Picture{}, fmt.Errorf("drawing a QR code: %w", err)
	}
	const quiet = 4
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
			}
			x += run
		}
	}
	return Picture{Size: code.Size + 2*quiet, Path: b.String()}, nil
}
