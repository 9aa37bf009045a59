#!/bin/sh
# Runs once in temporalio/admin-tools before the server: its two databases, made or brought up to date. May be repeated.
# Where, as whom and with which plugin stands in SQL_HOST, SQL_PORT, SQL_USER and SQL_PLUGIN.
set -eu
SQL_PASSWORD=$(cat /run/secrets/postgres_password)
export SQL_PASSWORD

set_up() { # database, name of its embedded schema
    temporal-sql-tool --database "$1" create-database
    temporal-sql-tool --database "$1" setup-schema --version 0.0
    temporal-sql-tool --database "$1" update-schema --schema-name "$2"
}

set_up temporal postgresql/v12/temporal
set_up temporal_visibility postgresql/v12/visibility
