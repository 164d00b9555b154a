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

known=$(ask postgres -A -t -c "select 'known' from pg_roles where rolname = 'application'")
ask postgres -v database="$database" <<'SQL'
select format('create database %I', :'database')
where not exists (select from pg_database where datname = :'database') \gexec
-- What stops every session of a database or a role from being opened, whoever made it so: a library that is not there
-- stops the superuser's too. All else that an application sets stays, as does the read-only state during a swap.
select case
    when setrole = 0 then format('alter database %I', datname)
    when setdatabase = 0 then format('alter role %I', rolname)
    else format('alter role %I in database %I', rolname, datname)
end || ' reset local_preload_libraries'
from pg_db_role_setting left join pg_database d on d.oid = setdatabase left join pg_roles r on r.oid = setrole
where (datname is not null or rolname is not null)
    and exists (select from unnest(setconfig) as setting where setting ilike 'local_preload_libraries=%') \gexec
select format('alter database %I allow_connections true', datname)
from pg_database where datname = :'database' and not datallowconn \gexec
select format('alter database %I connection limit -1', datname)
from pg_database where datname = :'database' and datconnlimit = 0 \gexec
select format('grant connect on database %I to application', datname) from pg_database, pg_roles
where datname = :'database' and rolname = 'application' and not has_database_privilege(rolname, datname, 'connect') \gexec
SQL

# Whatever else was set for a database holds for the superuser's sessions in it as well, such as a limit of time, or a
# hash of passwords that the server does not accept: options of a session come first, with the values that hold here.
PGOPTIONS="$PGOPTIONS $(ask postgres -A -t <<'SQL'
select string_agg(format('-c %s=%s', name, regexp_replace(setting, '([\\[:space:]])', '\\\1', 'g')), ' ')
from pg_settings
where context in ('user', 'superuser') and name not in ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable')
    and lower(name) in (
        select lower(split_part(setting, '=', 1)) from pg_db_role_setting, unnest(setconfig) as setting where setrole = 0)
SQL
)"

# An application that was a superuser may have made other databases: they are its own as well.
owned="select datname from pg_database
    where datallowconn and not datistemplate and datname <> 'postgres' and datdba = current_user::regrole"
ask postgres -A -t -c "$owned" | while IFS= read -r name; do
    [ "$name" = "$database" ] || ask "$name" -1 -f "$here/handover.sql"
done

ask "$database" -1 -f "$here/roles.sql"
PGPASSWORD=$SUPERUSER_PASSWORD
export PGPASSWORD
# The owner of a database can put anything in an extension's place, and must not stop its own server by that: then the
# application goes without, as it wanted.
for extension in "$@"; do
    ask "$database" -c "create schema if not exists public authorization application" \
        -c "create extension if not exists $extension schema public" || {
        [ -n "$known" ] || exit 1
        echo "warning: '$database' is without the extension '$extension': see above what in the schema 'public' is in its way" >&2
    }
done
