#!/bin/sh
# Makes the certificates of the tests in DIR with openssl, silently unless something fails:
#   ca.pem ca.key                  the authority that clients are told to trust
#   server.pem server.key          for localhost, 127.0.0.1 and ::1
#   wrong_host.pem wrong_host.key  valid, but for wrong.example
#   expired.pem expired.key        for localhost, but expired
# They are for tests only: the keys are not protected.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
mkdir -p "$1"
cd "$1"
umask 077

log=$(mktemp)
trap 'rc=$?; [ $rc -eq 0 ] || cat "$log" >&2; rm -f "$log" ./*.csr ./*.ext; exit $rc' EXIT

quietly() { "$@" >>"$log" 2>&1; }

new_key() { quietly openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

# issue NAME SUBJECT-ALT-NAMES START END, the times as YYYYMMDDHHMMSSZ
issue() {
    new_key "$1.key"
    quietly openssl req -new -key "$1.key" -subj "/CN=$1.test" -out "$1.csr"
    cat >"$1.ext" <<EXT
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $2
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EXT
    # "openssl x509" of 3.0 cannot set the start of a certificate, "openssl ca" can.
    quietly openssl ca -batch -notext -config ca.ext -in "$1.csr" -out "$1.pem" \
        -extfile "$1.ext" -startdate "$3" -enddate "$4"
}

new_key ca.key
quietly openssl req -x509 -new -key ca.key -subj "/CN=ccproxy test authority" -days 3650 \
    -addext "keyUsage = critical, keyCertSign, cRLSign" -out ca.pem

work=$(mktemp -d ./ca.XXXXXX)
: >"$work/index"
echo 1000 >"$work/serial"
cat >ca.ext <<EXT
[ca]
default_ca = tests
[tests]
dir = $work
database = $work/index
serial = $work/serial
new_certs_dir = $work
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
EXT

local_names="DNS:localhost, IP:127.0.0.1, IP:::1"
issue server "$local_names" 20200101000000Z 20491231000000Z
issue wrong_host "DNS:wrong.example" 20200101000000Z 20491231000000Z
issue expired "$local_names" 20200101000000Z 20210101000000Z
rm -rf "$work"
