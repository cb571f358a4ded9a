package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"

	"mainstay/internal/egress"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/vault/objectstore"
)

// Config is what an operator can set. A value comes from its default, then the TOML file, then MAINSTAY_<KEY> in the
// environment; a secret also from the file that MAINSTAY_<KEY>_FILE names. Keys that do not exist are refused.
type Config struct {
	Data             string // folder of everything that lasts
	Listen           string // host:port, or unix:/path; only loopback without TLS and proxies
	TLSCert          string
	TLSKey           string
	URL              string // where people find the deployment; empty: where it listens
	Region           string // label of the workspaces made here
	Workspaces       string // who may make another workspace: owners, anyone, closed
	Database         tenant.Secret
	RootKey          string        // file of the root key; empty: in the data folder
	Blobs            string        // URL of the object store; empty: in the data folder
	BlobsKey         tenant.Secret // access key id of that store; empty: where AWS's programs look
	BlobsSecret      tenant.Secret
	BlobsCA          string // file of the certificate authority that vouches for it; empty: the system's
	Models           string // folder of the weights; empty: what make setup fetched beside the program, else in the data folder
	Python           string // interpreter of the inference program
	Program          string // folder of the inference program
	Engine           string // URL of a speech engine; empty: our own, started when there is work
	Token            tenant.Secret
	EngineCA         string // file of the certificate authority that vouches for it; empty: the system's
	EngineRegion     string // where it is, in the operator's words; empty: the region
	Hosts            string // machines that content may be sent to, with their regions; empty: a workspace's owner decides
	Model            string // recognition model
	Mirror           string // where models pull looks first; empty: the catalogue's sources
	Hub              string // model hub to fetch from; empty: none
	SMTP             string // host:port of the mail server; empty: no mail is sent
	SMTPUser         string
	SMTPPassword     tenant.Secret
	SMTPFrom         string // the sender's address
	SMTPCA           string // file of the certificate authority that vouches for it; empty: the system's
	SMTPTLS          string // starttls, tls, or none on loopback
	SMSURL           string // gateway for text messages; empty: none are sent
	SMSToken         tenant.Secret
	SMSDaily         string // text messages a day at most
	GoogleClient     string // our client there; empty: no sign-in with Google for everybody
	GoogleSecret     tenant.Secret
	GoogleIssuer     string // where Google is; empty: where everybody finds it
	GoogleDomains    string // organisations whose people may come; empty: all
	MicrosoftClient  string
	MicrosoftSecret  tenant.Secret
	MicrosoftIssuer  string
	MicrosoftTenants string // tenants whose people may come; needed with the client
	Log              string // debug, info, warn, error

	Edge

	origin map[string]string
}

// setting is one key of the configuration.
type setting struct {
	key    string
	says   string
	text   *string
	secret *tenant.Secret
}

func (c *Config) settings() []setting {
	return append([]setting{
		{key: "data", says: "folder of everything that lasts", text: &c.Data},
		{key: "listen", says: "address to listen on, host:port or unix:/path; other than loopback needs TLS or proxies", text: &c.Listen},
		{key: "tls_cert", says: "file of the certificate chain", text: &c.TLSCert},
		{key: "tls_key", says: "file of the certificate's key", text: &c.TLSKey},
		{key: "url", says: "https:// address where people find the deployment; empty: where it listens", text: &c.URL},
		{key: "region", says: "where the data lies, in the operator's words", text: &c.Region},
		{key: "workspaces", says: "who may make another workspace: owners (of one), anyone or closed (nobody)", text: &c.Workspaces},
		{key: "database", says: "PostgreSQL's connection string; empty: a private server in the data folder", secret: &c.Database},
		{key: "root_key", says: "file of the root key; empty: in the data folder", text: &c.RootKey},
		{key: "blobs", says: "object store, s3://BUCKET?region=REGION&endpoint=https://HOST; empty: in the data folder", text: &c.Blobs},
		{key: "blobs_key", says: "access key id of that store; empty: AWS's environment, files or role", secret: &c.BlobsKey},
		{key: "blobs_secret", says: "secret access key of that store", secret: &c.BlobsSecret},
		{key: "blobs_ca", says: "file of the certificate authority of that store; empty: the system's", text: &c.BlobsCA},
		{key: "models", says: "folder of the models; empty: beside the program, else in the data folder", text: &c.Models},
		{key: "python", says: "Python interpreter of the inference program", text: &c.Python},
		{key: "program", says: "folder of the inference program", text: &c.Program},
		{key: "engine", says: "URL of a speech engine; empty: our own", text: &c.Engine},
		{key: "engine_token", says: "token for that engine", secret: &c.Token},
		{key: "engine_ca", says: "file of the certificate authority of that engine; empty: the system's", text: &c.EngineCA},
		{key: "engine_region", says: "where that engine is, in the operator's words; empty: the region", text: &c.EngineRegion},
		{key: "hosts", says: "machines that content may be sent to: api.example.com=eu, other.example.com; empty: an owner decides", text: &c.Hosts},
		{key: "model", says: "recognition model", text: &c.Model},
		{key: "mirror", says: "where models are fetched from first", text: &c.Mirror},
		{key: "hub", says: "https:// address of a model hub to fetch models from; empty: none is asked", text: &c.Hub},
		{key: "smtp", says: "mail server, host:port; empty: no mail is sent", text: &c.SMTP},
		{key: "smtp_user", says: "user name at the mail server; empty: none is needed", text: &c.SMTPUser},
		{key: "smtp_password", says: "password at the mail server", secret: &c.SMTPPassword},
		{key: "smtp_from", says: "sender of mails: Mainstay <mainstay@example.com>", text: &c.SMTPFrom},
		{key: "smtp_ca", says: "file of the certificate authority of the mail server; empty: the system's", text: &c.SMTPCA},
		{key: "smtp_tls", says: "starttls, tls, or none for a mail server on this machine", text: &c.SMTPTLS},
		{key: "sms_url", says: "https:// gateway for codes by text message; empty: none are sent, which is safer", text: &c.SMSURL},
		{key: "sms_token", says: "bearer token of that gateway", secret: &c.SMSToken},
		{key: "sms_daily", says: "text messages a day at most; empty: 100", text: &c.SMSDaily},
		{key: "google_client_id", says: "client for sign-in with Google, in every workspace; empty: none", text: &c.GoogleClient},
		{key: "google_client_secret", says: "secret of that client", secret: &c.GoogleSecret},
		{key: "google_domains", says: "organisations (hd) whose people may come: example.com, example.org; empty: all", text: &c.GoogleDomains},
		{key: "google_issuer", says: "where Google is, for a gateway of your own and for tests; empty: https://accounts.google.com", text: &c.GoogleIssuer},
		{key: "microsoft_client_id", says: "client for sign-in with Microsoft, in every workspace; empty: none", text: &c.MicrosoftClient},
		{key: "microsoft_client_secret", says: "secret of that client", secret: &c.MicrosoftSecret},
		{key: "microsoft_tenants", says: "tenants (tid) whose people may come; needed with that client", text: &c.MicrosoftTenants},
		{key: "microsoft_issuer", says: "where Microsoft is, for sovereign clouds and tests; empty: https://login.microsoftonline.com", text: &c.MicrosoftIssuer},
		{key: "log", says: "debug, info, warn or error", text: &c.Log},
	}, c.Edge.settings()...)
}

func (s setting) set(v string) {
	if s.secret != nil {
		*s.secret = tenant.Secret(v)
		return
	}
	*s.text = v
}

func (s setting) shown() string {
	if s.secret == nil {
		return *s.text
	}
	if *s.secret == "" {
		return ""
	}
	return s.secret.String()
}

// loadConfig reads the configuration. File is a TOML file that must exist, or "" for none.
func loadConfig(file string, environ []string) (Config, error) {
	c := Config{Data: defaultData(), Listen: "127.0.0.1:7070", Region: "local", Workspaces: string(roster.Owners), Python: interpreter(),
		Program: nearby("inference"), Model: "whisper-base", SMTPTLS: "starttls", Log: "info", Edge: newEdge(), origin: map[string]string{}}
	byKey := map[string]setting{}
	for _, s := range c.settings() {
		byKey[s.key] = s
		c.origin[s.key] = "default"
	}
	if err := c.readFile(file, byKey); err != nil {
		return c, err
	}
	if err := c.readEnvironment(environ, byKey); err != nil {
		return c, err
	}
	return c, c.complete()
}

func (c *Config) readFile(file string, byKey map[string]setting) error {
	if file == "" {
		return nil
	}
	values := map[string]string{}
	if _, err := toml.DecodeFile(file, &values); err != nil {
		return fmt.Errorf("reading the configuration file: %w", err)
	}
	for key, value := range values {
		s, ok := byKey[key]
		if !ok {
			return fmt.Errorf("the configuration file holds the unknown key %q; see mainstay config print", key)
		}
		if s.secret != nil {
			return fmt.Errorf("%s is a secret: give it by MAINSTAY_%s_FILE or MAINSTAY_%s, not in the file", key, strings.ToUpper(key), strings.ToUpper(key))
		}
		s.set(value)
		c.origin[key] = file
	}
	return nil
}

func (c *Config) readEnvironment(environ []string, byKey map[string]setting) error {
	sort.Strings(environ)
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		key, ours := strings.CutPrefix(name, "MAINSTAY_")
		if !ours || strings.HasPrefix(key, "TEST_") || strings.HasPrefix(key, "CLIENT_") {
			continue
		}
		key, fromFile := strings.CutSuffix(strings.ToLower(key), "_file")
		s, ok := byKey[key]
		if !ok || fromFile && s.secret == nil {
			return fmt.Errorf("%s is no setting; see mainstay config print", name)
		}
		if fromFile {
			b, err := os.ReadFile(value)
			if err != nil {
				return fmt.Errorf("reading the secret of %s: %w", name, err)
			}
			value = strings.TrimSpace(string(b))
		}
		if s.secret != nil && placeholder(value) {
			return fmt.Errorf("%s still holds a placeholder; set a real secret", name)
		}
		s.set(value)
		c.origin[key] = name
	}
	return nil
}

// placeholder reports whether a secret is what examples ship with.
func placeholder(v string) bool {
	switch strings.ToLower(strings.Trim(v, "<>\"' ")) {
	case "changeme", "change-me", "secret", "password", "example", "placeholder", "todo", "xxx":
		return true
	}
	return false
}

// complete fills in what follows from the data folder and refuses what cannot work.
func (c *Config) complete() error {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return fmt.Errorf("finding the data folder: %w", err)
	}
	c.Data = data
	if built := nearby(".cache/models"); c.Models == "" && exists(built) {
		c.Models = built // what make setup fetched
	}
	for path, name := range map[*string]string{&c.RootKey: "root.key", &c.Models: "models"} {
		if *path == "" {
			*path = filepath.Join(c.Data, name)
		}
	}
	if err := c.checkStore(); err != nil {
		return err
	}
	if _, err := c.hosts(); err != nil {
		return err
	}
	if err := c.checkMail(); err != nil {
		return err
	}
	if err := c.checkProviders(); err != nil {
		return err
	}
	if err := c.checkTexts(); err != nil {
		return err
	}
	if _, err := roster.ParseFounders(c.Workspaces); err != nil {
		return errors.New("workspaces is owners, anyone or closed")
	}
	return c.checkEdge()
}

// hosts reads the list of machines that content may be sent to.
func (c *Config) hosts() ([]egress.Host, error) {
	var hosts []egress.Host
	for _, entry := range strings.FieldsFunc(c.Hosts, func(r rune) bool { return r == ',' || r == ' ' }) {
		name, region, _ := strings.Cut(entry, "=")
		if u, err := url.Parse("https://" + name); err != nil || u.Host != name || name == "" {
			return nil, errors.New("hosts is a list such as api.example.com=eu, other.example.com:8443: names without https:// and path")
		}
		hosts = append(hosts, egress.Host{Name: name, Region: region})
	}
	return hosts, nil
}

// checkStore refuses an object store that cannot be reached safely, before anything is asked.
func (c *Config) checkStore() error {
	if c.Blobs == "" && (c.BlobsKey != "" || c.BlobsSecret != "" || c.BlobsCA != "") {
		return errors.New("blobs_key, blobs_secret and blobs_ca are for an object store: set blobs, too, or none of them")
	}
	if (c.BlobsKey == "") != (c.BlobsSecret == "") {
		return errors.New("blobs_key and blobs_secret belong together: set both or neither")
	}
	if c.Blobs == "" {
		return nil
	}
	_, err := objectstore.Parse(c.Blobs)
	return err
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (c *Config) print(w io.Writer) {
	for _, s := range c.settings() {
		fmt.Fprintf(w, "%-15s %-40s %-24s %s\n", s.key, s.shown(), c.origin[s.key], s.says)
	}
}

func defaultData() string {
	if home, err := os.UserHomeDir(); err == nil && os.Geteuid() != 0 {
		return filepath.Join(home, ".local", "share", "mainstay")
	}
	return "/var/lib/mainstay"
}

// interpreter finds the Python of the inference program: an installation has it beside the program, a checkout where make setup
// put it.
func interpreter() string {
	if installed := nearby("venv/bin/python"); exists(installed) {
		return installed
	}
	return nearby(".cache/venv/bin/python")
}

// nearby finds what lies beside the program or, when it runs from a checkout, in the working folder.
func nearby(path string) string {
	exe, err := os.Executable()
	if err == nil {
		if beside := filepath.Join(filepath.Dir(exe), path); exists(beside) {
			return beside
		}
	}
	here, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return here
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
