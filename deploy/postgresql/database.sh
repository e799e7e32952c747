#!/bin/sh
# Makes the role and the database of the gateways. The image of PostgreSQL calls it once, when it has made its data;
# by hand it is called as a user that may make roles.
set -eu

# The password is in no command line.
export STORE_PASSWORD_FILE="${STORE_PASSWORD_FILE:-/run/secrets/store-password}"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'END'
\set password `cat "$STORE_PASSWORD_FILE"`
CREATE ROLE tollgate LOGIN PASSWORD :'password';
CREATE DATABASE tollgate OWNER tollgate ENCODING 'UTF8' TEMPLATE template0;
END
