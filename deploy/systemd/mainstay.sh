#!/bin/sh
# mainstay as the service runs it: with its settings and, where root calls, as its user, so that no file of its data folder
# comes to belong to root. `mainstay minutes` reads files of whoever calls and stays theirs.
set -a
MAINSTAY_DATA=/var/lib/mainstay
if [ -r /etc/mainstay/mainstay.env ]; then . /etc/mainstay/mainstay.env; fi
set +a
if [ "$(id -u)" = 0 ] && [ "$1" != minutes ]; then
	cd /
	exec setpriv --reuid=mainstay --regid=mainstay --init-groups --no-new-privs /opt/mainstay/mainstay "$@"
fi
if [ "$(id -u)" != 0 ] && [ "$(id -un)" != mainstay ]; then unset MAINSTAY_DATA; fi
exec /opt/mainstay/mainstay "$@"
