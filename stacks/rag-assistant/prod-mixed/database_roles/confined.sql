-- Asked as the application: whether it owns this database, and neither is a superuser nor may become something like one.
select datdba = me.oid
    and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)
    and not exists (
        select from pg_roles other
        where other.oid <> me.oid and pg_has_role(me.oid, other.oid, 'member') and (
            other.rolsuper or other.rolcreaterole or other.rolbypassrls or other.rolreplication
            or other.rolname in ('rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser')
        )
    )
from pg_database, pg_roles me
where datname = current_database() and me.rolname = current_user;
