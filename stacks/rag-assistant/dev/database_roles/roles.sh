# roles.sh DATABASE [EXTENSION...]: makes the database, the application's role that owns it, and extensions.
set -eu
here=$(dirname "$0")
database=$1
shift
# The owner of a database sets defaults of its sessions, and none of them may touch what follows; nor may a lock that it
# holds stop it for ever. Passwords stay out of the log.
export PGOPTIONS="-c search_path=pg_catalog,pg_temp -c role=none -c default_transaction_read_only=off \
-c statement_timeout=0 -c lock_timeout=20s -c client_min_messages=warning -c log_statement=none -c log_min_error_statement=panic \
-c log_min_duration_statement=-1"

ask() { # ask DATABASE PSQL-ARGUMENT...
    PGDATABASE=$1
    export PGDATABASE
    shift
    psql -X -q -v ON_ERROR_STOP=1 "$@"
}

ask postgres -v database="$database" <<'SQL'
select format('create database %I', :'database')
where not exists (select from pg_database where datname = :'database') \gexec
SQL

# An application that was a superuser may have made other databases: they are its own as well.
owned="select datname from pg_database
    where datallowconn and not datistemplate and datname <> 'postgres' and datdba = current_user::regrole"
ask postgres -A -t -c "$owned" | while IFS= read -r name; do
    [ "$name" = "$database" ] || ask "$name" -1 -f "$here/handover.sql"
done

ask "$database" -1 -f "$here/roles.sql"
PGPASSWORD=$SUPERUSER_PASSWORD
export PGPASSWORD
for extension in "$@"; do
    ask "$database" -c "create schema if not exists public authorization application" \
        -c "create extension if not exists $extension schema public"
done
