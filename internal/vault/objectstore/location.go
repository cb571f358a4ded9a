package objectstore

import (
	"net/url"
	"strings"

	"mainstay/internal/fault"
)

// Location says which bucket of which store. The zero Endpoint is Amazon's of the region.
type Location struct {
	Bucket   string
	Region   string
	Endpoint string // https://host[:port]
}

// Parse reads s3://BUCKET?region=REGION&endpoint=https://HOST. It takes nothing else: no other scheme, no endpoint without TLS,
// no unknown parameter and no credentials, which have settings of their own. It repeats nothing of a URL that it refuses.
func Parse(raw string) (Location, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Location{}, refuse("it is no URL")
	}
	query, err := url.ParseQuery(u.RawQuery)
	switch {
	case err != nil:
		return Location{}, refuse("its parameters cannot be read")
	case u.Scheme != "s3":
		return Location{}, refuse("this build knows stores of S3's protocol only")
	case u.User != nil:
		return Location{}, refuse("a URL holds no credentials; give them by MAINSTAY_BLOBS_KEY_FILE and MAINSTAY_BLOBS_SECRET_FILE")
	case u.Host == "" || u.Port() != "" || strings.Trim(u.Path, "/") != "" || u.Opaque != "" || u.Fragment != "":
		return Location{}, refuse("between s3:// and ? stands the bucket's name alone")
	}
	at := Location{Bucket: u.Host}
	for key, values := range query {
		if len(values) != 1 {
			return Location{}, refuse("a parameter stands there twice")
		}
		switch key {
		case "region":
			at.Region = values[0]
		case "endpoint":
			at.Endpoint = values[0]
		default:
			return Location{}, refuse("its parameters are region and endpoint")
		}
	}
	if at.Region == "" {
		return Location{}, refuse("the region is missing")
	}
	return at, checkEndpoint(at.Endpoint)
}

func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case endpoint == "":
		return nil
	case err != nil || u.Scheme != "https":
		return refuse("the endpoint is reached by https:// or not at all")
	case u.User != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return refuse("the endpoint is https://, a host and, if it has another, a port")
	}
	return nil
}

func refuse(why string) error {
	return fault.New(fault.Invalid, "The object store's URL is refused: "+why+". Write s3://BUCKET?region=REGION&endpoint=https://HOST.")
}
