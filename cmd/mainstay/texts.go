package main

import (
	"errors"
	"net/url"
	"strconv"

	"mainstay/internal/egress"
	"mainstay/internal/identity"
	"mainstay/internal/identity/factor"
)

// checkTexts refuses settings of text messages that cannot work.
func (c *Config) checkTexts() error {
	if c.SMSURL == "" {
		if c.SMSToken != "" || c.SMSDaily != "" {
			return errors.New("sms_token and sms_daily are for a gateway: set sms_url, too, or none of them")
		}
		return nil
	}
	at, err := url.Parse(c.SMSURL)
	if err != nil || egress.Allowed(at, true) != nil {
		return errors.New("sms_url is an https:// address of a gateway for text messages")
	}
	if n, err := strconv.Atoi(c.SMSDaily); c.SMSDaily != "" && (err != nil || n < 1) {
		return errors.New("sms_daily is how many text messages may go out in a day, such as 100")
	}
	return nil
}

// texting sets up how codes are sent by text message, where the operator named a gateway.
func (p *Program) texting(cfg *identity.Config) error {
	if p.Config.SMSURL == "" {
		return nil
	}
	at, err := url.Parse(p.Config.SMSURL)
	if err != nil {
		return errors.New("sms_url is no address") // which can hold a key
	}
	cfg.Texts = &factor.HTTPGateway{URL: at, Token: p.Config.SMSToken, Client: p.Egress.Errand(at.Host)}
	if p.Config.SMSDaily != "" {
		cfg.Daily, err = strconv.Atoi(p.Config.SMSDaily)
	}
	return err
}
