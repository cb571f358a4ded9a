package factor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Gateway sends text messages. Send returns once the gateway took the message over; it fails with fault.Busy where it did not.
type Gateway interface {
	Send(ctx context.Context, number, text string) error
}

// HTTPGateway posts {"to": "+4915112345678", "text": "..."} with a bearer token, which most providers take as it is or through
// a few lines of their own. Client decides what may be dialled and how long it may last.
type HTTPGateway struct {
	URL    *url.URL
	Token  tenant.Secret
	Client *http.Client
}

// Send implements Gateway. Neither number nor text is in any error.
func (g *HTTPGateway) Send(ctx context.Context, number, text string) error {
	body, err := json.Marshal(map[string]string{"to": number, "text": text})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL.String(), bytes.NewReader(body))
	if err != nil {
		return fault.Wrap(fault.Internal, "", errors.New("a text message gateway whose address makes no request"))
	}
	req.Header.Set("Content-Type", "application/json")
	if g.Token != "" {
		req.Header.Set("Authorization", "Bearer "+g.Token.Reveal())
	}
	resp, err := g.Client.Do(req)
	if err != nil {
		return unsent(fmt.Errorf("calling the text message gateway: %T", err))
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return unsent(fmt.Errorf("the text message gateway answered with status %d", resp.StatusCode))
	}
	return nil
}

func unsent(cause error) error {
	return fault.Wrap(fault.Busy, "The text message could not be sent. Try again, or use another factor.", cause)
}

// NormalNumber reads a telephone number as a person types it, with its country's code: "+49 151 1234567" (ITU-T E.164). It
// fails with fault.Invalid.
func NormalNumber(typed string) (string, error) {
	number := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "/", "", ".", "").Replace(strings.TrimSpace(typed))
	if rest, ok := strings.CutPrefix(number, "00"); ok {
		number = "+" + rest
	}
	rest, ok := strings.CutPrefix(number, "+")
	if !ok || len(rest) < 8 || len(rest) > 15 || rest[0] == '0' || strings.Trim(rest, "0123456789") != "" {
		return "", fault.New(fault.Invalid, "Enter a mobile number with its country's code, such as +49 151 1234567.")
	}
	return number, nil
}

// Masked returns a number of which one can tell that it is one's own, and little more.
func Masked(number string) string {
	if len(number) < 6 {
		return "…"
	}
	return number[:3] + " … " + number[len(number)-2:]
}
