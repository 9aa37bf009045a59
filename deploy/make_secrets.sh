#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, where they are missing: one file each in deploy/secrets/.
# The folder is for its owner only; the files are readable, since the containers' users are others than yours.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

random() {
    head -c 32 /dev/urandom | base64 | tr -d '/+=\n'
}

for name in postgres_password ordo_gateway_token ordo_callback_secret ordo_ledger_url; do
    case $name in
    ordo_ledger_url) secret="postgresql://ledger:$(random)@postgresql:5432/ledger" ;;
    *) secret=$(random) ;;
    esac
    [ -s "secrets/$name" ] || printf %s "$secret" >"secrets/$name"
    chmod 644 "secrets/$name"
done
echo "deploy/secrets holds $(find secrets -type f | wc -l | tr -d ' ') secrets"
