package main

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"mainstay/internal/health"
	"mainstay/internal/pipeline"
	"mainstay/internal/post"
)

// openPost makes what sends mail. What leaves nothing behind sends none.
func (p *Program) openPost(gone ephemeral) error {
	cfg := post.Config{Gate: p.Gate, Queue: p.Queue, Subjects: pipeline.Subjects, Source: p.source, Base: p.Config.address(listening(p.Config.Listen)), Log: p.Log}
	if !gone {
		var err error
		if cfg.Server, err = p.Config.mailServer(); err != nil {
			return err
		}
	}
	var err error
	p.Post, err = post.New(cfg)
	return err
}

// listening is where the configuration says that the server listens.
type listening string

func (l listening) Network() string { return "tcp" }
func (l listening) String() string  { return string(l) }

// mailServer is the server of the settings, with its authority's certificates read.
func (c *Config) mailServer() (post.Server, error) {
	server := post.Server{Address: c.SMTP, User: c.SMTPUser, Password: c.SMTPPassword, From: c.SMTPFrom, TLS: c.SMTPTLS}
	if c.SMTP == "" || c.SMTPCA == "" {
		return server, nil
	}
	var err error
	server.Roots, err = authority("smtp_ca", c.SMTPCA)
	return server, err
}

// checkMail refuses mail settings that cannot work, and an address that links cannot begin with.
func (c *Config) checkMail() error {
	c.URL = strings.TrimSuffix(c.URL, "/")
	at, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
	case err != nil, at.Host == "", at.Scheme != "https" && (at.Scheme != "http" || !loopback(at.Hostname())):
		return errors.New("url is the https:// address where people find the deployment")
	case at.Path != "" || at.RawQuery != "" || at.Fragment != "" || at.User != nil:
		return errors.New("url is an address without a path, such as https://mainstay.example.com")
	}
	if c.SMTP == "" {
		if c.SMTPUser != "" || c.SMTPPassword != "" || c.SMTPFrom != "" || c.SMTPCA != "" {
			return errors.New("smtp_user, smtp_password, smtp_from and smtp_ca are for a mail server: set smtp, too, or none of them")
		}
		return nil
	}
	if (c.SMTPUser == "") != (c.SMTPPassword == "") {
		return errors.New("smtp_user and smtp_password belong together: set both or neither")
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	if c.URL == "" && !loopback(host) {
		return errors.New("mails hold links: set url to the https:// address where people find the deployment")
	}
	server, err := c.mailServer()
	if err == nil {
		err = server.Check()
	}
	return err
}

// mailCheck asks the mail server, where there is one.
func (p *Program) mailCheck() health.Check {
	if !p.Post.Works() {
		return health.Mail(nil)
	}
	return health.Mail(p.Post.Reach)
}
