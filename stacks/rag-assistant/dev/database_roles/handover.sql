-- Hands this database over to the application's role, once: databases of former versions belong to a superuser, or on a
-- cloud to the administrator, who runs this and is no superuser.
-- Not what extensions made. REASSIGN OWNED refuses the server's first superuser, so each object is altered.
select 'create role application nologin'
where not exists (select from pg_roles where rolname = 'application') \gexec
select datdba <> 'application'::regrole as former from pg_database where datname = current_database() \gset
\if :former

create temporary table owned on commit drop as
with every (classid, objid, owner) as (
    select 'pg_namespace'::regclass, oid, nspowner from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
    union all
    -- indexes and sequences of columns follow their table
    select 'pg_class'::regclass, c.oid, relowner from pg_class c
    where relpersistence <> 't' and (relkind in ('r', 'p', 'v', 'm', 'f') or relkind = 'S' and not exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
        and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
    union all
    -- types of tables' rows, of arrays and of multiranges follow theirs
    select 'pg_type'::regclass, t.oid, typowner from pg_type t left join pg_class c on c.oid = t.typrelid
    where typtype in ('e', 'r', 'd') or c.relkind = 'c'
        or typtype = 'b' and not exists (select from pg_type e where e.typarray = t.oid)
    union all select 'pg_proc'::regclass, oid, proowner from pg_proc
    union all select 'pg_operator'::regclass, oid, oprowner from pg_operator
    union all select 'pg_opclass'::regclass, oid, opcowner from pg_opclass
    union all select 'pg_opfamily'::regclass, oid, opfowner from pg_opfamily
    union all select 'pg_collation'::regclass, oid, collowner from pg_collation
    union all select 'pg_conversion'::regclass, oid, conowner from pg_conversion
    union all select 'pg_ts_dict'::regclass, oid, dictowner from pg_ts_dict
    union all select 'pg_ts_config'::regclass, oid, cfgowner from pg_ts_config
    union all select 'pg_statistic_ext'::regclass, oid, stxowner from pg_statistic_ext
    union all select 'pg_foreign_server'::regclass, oid, srvowner from pg_foreign_server
    union all select 'pg_publication'::regclass, oid, pubowner from pg_publication where not puballtables
    union all select 'pg_largeobject'::regclass, oid, lomowner from pg_largeobject_metadata
)
select i.type, i.identity, r.rolname, case when me.rolsuper then r.rolsuper else r.oid = me.oid end as former
from every
join pg_roles r on r.oid = owner
join pg_roles me on me.rolname = current_user
cross join lateral pg_identify_object(classid, objid, 0) i
where (objid >= 16384 or classid = 'pg_largeobject'::regclass -- made here, not by initdb
        or classid = 'pg_namespace'::regclass and i.name = 'public')
    and not exists (select from pg_depend d where d.classid = every.classid and d.objid = every.objid and d.deptype = 'e');

-- First, since it lets its owner make things in it.
select format('alter database %I owner to application', current_database()) \gexec
select format('alter %s %s owner to application', case
        when type in ('function', 'procedure', 'aggregate', 'window function') then 'routine'
        when type = 'statistics object' then 'statistics'
        else type
    end, identity)
from owned where former \gexec
-- Before PostgreSQL 18 a range's multirange does not follow.
select format('alter type %s owner to application', rngmultitypid::regtype)
from pg_range join pg_type one on one.oid = rngtypid join pg_type many on many.oid = rngmultitypid
where one.typowner = 'application'::regrole and many.typowner <> one.typowner \gexec
-- What the application gave to roles of its own stays theirs, and within its reach.
select distinct format('grant %I to application', owned.rolname)
from owned join pg_roles me on me.rolname = current_user
where me.rolsuper and not former and owned.rolname <> 'application' and owned.rolname !~ '^pg_' \gexec
-- Event triggers run as whoever changes something, a superuser too, and call functions that are the application's now.
select format('alter event trigger %I disable', evtname)
from pg_event_trigger join pg_proc p on p.oid = evtfoid join pg_roles r on r.oid = p.proowner
where not rolsuper and evtenabled <> 'D' and pg_has_role(current_user, evtowner, 'usage') \gexec

\endif
