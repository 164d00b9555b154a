# managed.sh DATABASE [EXTENSION...]: what roles.sh does, on a server whose administrator is no superuser, as the clouds'
# are. Variables: libpq's for the administrator, and APPLICATION_PASSWORD. What is as it should be stays untouched.
set -eu
here=$(dirname "$0")
database=$1
shift
# The owner of a database sets defaults of its sessions, and none of them may touch what follows.
export PGOPTIONS="-c search_path=pg_catalog,pg_temp -c role=none -c default_transaction_read_only=off \
-c statement_timeout=0 -c lock_timeout=20s -c client_min_messages=warning"
export PGCONNECT_TIMEOUT=30

ask() { # ask DATABASE PSQL-ARGUMENT...
    PGDATABASE=$1
    export PGDATABASE
    shift
    psql -X -q -v ON_ERROR_STOP=1 "$@"
}

as_application() (
    PGUSER=application PGPASSWORD=$APPLICATION_PASSWORD
    export PGUSER PGPASSWORD
    ask "$@"
)

tries=60
until pg_isready -q -t 5; do # a new server, or one that was paused
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "no server answers at $PGHOST" >&2; exit 1; }
    sleep 5
done

ask postgres -v database="$database" <<'SQL'
select format('create database %I', :'database')
where not exists (select from pg_database where datname = :'database') \gexec
SQL
ask "$database" -1 -f "$here/managed.sql"

# psql hashes the password, so that a server which logs statements logs no password.
if ! as_application "$database" -c "select" 2>/dev/null; then
    printf '%s\n%s\n' "$APPLICATION_PASSWORD" "$APPLICATION_PASSWORD" | ask "$database" -c '\password application'
fi
for extension in "$@"; do
    ask "$database" -c "create schema if not exists public authorization application" \
        -c "create extension if not exists $extension schema public"
done

[ "$(as_application "$database" -A -t -f "$here/confined.sql")" = t ] || {
    echo "the role application of $database may do more than it should: see confined.sql" >&2
    exit 1
}
