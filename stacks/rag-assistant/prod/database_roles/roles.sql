-- In one transaction: whoever had the superuser's former password is a superuser until all is handed over, and none afterwards.
\getenv application_password APPLICATION_PASSWORD
\getenv superuser_password SUPERUSER_PASSWORD
\ir handover.sql
alter role application
    login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'application_password';
alter role current_user password :'superuser_password';
-- Rows are loaded without triggers when a database is moved. https://www.postgresql.org/docs/current/sql-grant.html
select 'grant set on parameter session_replication_role to application'
where current_setting('server_version_num')::int >= 150000 \gexec
