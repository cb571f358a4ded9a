package identity

import (
	"context"
	"encoding/base64"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// DeviceLife is how long a browser is known after a sign-in: as long as browsers keep a cookie.
const DeviceLife = 400 * 24 * time.Hour

// meet makes the browser of a sign-in known for its account, and returns the token by which it is. New says that it was not
// known before.
func meet(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (device tenant.Secret, isNew bool, err error) {
	device = tenant.Visitor(ctx).Device
	if plausible(device) {
		known, ours, err := deviceKnown(ctx, tx, account, tenant.Digest(device.Reveal()))
		if err != nil {
			return "", false, err
		}
		if !ours { // nobody brings a token that we did not make: it may have been planted
			device = tenant.NewSecret()
		}
		isNew = !known
	} else {
		device, isNew = tenant.NewSecret(), true
	}
	upsertDevice(tx, account, tenant.Digest(device.Reveal()))
	return device, isNew, nil
}

// plausible reports whether a device's token has the form of one.
func plausible(device tenant.Secret) bool {
	raw, err := base64.RawURLEncoding.DecodeString(device.Reveal())
	return err == nil && len(raw) == 32
}

// DeviceHash is what the database keeps of a device's token.
func DeviceHash(device tenant.Secret) []byte { return tenant.Digest(device.Reveal()) }
