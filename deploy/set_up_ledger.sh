#!/bin/sh
# Runs once in the image of PostgreSQL before the ledger's schema: its database and its own user. May be repeated.
# The secret ordo_ledger_url has the user's password: postgresql://ledger:PASSWORD@HOST/ledger
set -eu
url=$(cat /run/secrets/ordo_ledger_url)
password=${url#*://ledger:}
password=${password%%@*}
PGPASSWORD=$(cat /run/secrets/postgres_password)
export PGPASSWORD
psql --no-psqlrc --set ON_ERROR_STOP=1 --set password="$password" <<'SQL'
SELECT 'CREATE ROLE ledger' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger') \gexec
ALTER ROLE ledger LOGIN PASSWORD :'password';
SELECT 'CREATE DATABASE ledger OWNER ledger' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'ledger') \gexec
SQL
