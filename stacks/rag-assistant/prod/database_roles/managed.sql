-- In one transaction, as an administrator that may make roles and is no superuser.
select 'create role application nologin'
where not exists (select from pg_roles where rolname = 'application') \gexec
-- Who makes a role may administer it; to hand things over takes a membership (PostgreSQL 16 and later).
select 'grant application to current_user'
where not pg_has_role(current_user, 'application', 'usage') \gexec
\ir handover.sql
select 'alter role application login nocreatedb nocreaterole'
from pg_roles where rolname = 'application' and (not rolcanlogin or rolcreatedb or rolcreaterole) \gexec
