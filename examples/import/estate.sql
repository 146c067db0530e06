-- An estate that grew by hand; demo stands for whatever its names begin with.
CREATE DATABASE demo_reporting COMMENT 'shared "aggregates" of ${all}';
CREATE TABLE demo_reporting.events (id UInt64, at DateTime, secret String) ENGINE = MergeTree ORDER BY id;

-- Today's runner, twice; the second one was changed since.
CREATE DATABASE tenant_demo_acme;
CREATE ROLE role_tenant_demo_acme;
GRANT SELECT, INSERT, ALTER, CREATE, DROP ON tenant_demo_acme.* TO role_tenant_demo_acme;
CREATE USER user_tenant_demo_acme IDENTIFIED WITH sha256_password BY 'old-password-of-1';
GRANT role_tenant_demo_acme TO user_tenant_demo_acme;
CREATE DATABASE tenant_demo_globex;
CREATE ROLE role_tenant_demo_globex;
GRANT SELECT, INSERT ON tenant_demo_globex.* TO role_tenant_demo_globex;
GRANT SELECT(id, at) ON demo_reporting.events TO role_tenant_demo_globex;
CREATE USER user_tenant_demo_globex IDENTIFIED WITH sha256_password BY 'old-password-of-1' HOST IP '10.0.0.0/8', LOCAL;
GRANT role_tenant_demo_globex TO user_tenant_demo_globex;

-- golang-migrate in the first one.
CREATE TABLE tenant_demo_acme.t (id UInt64) ENGINE = MergeTree ORDER BY id;
ALTER TABLE tenant_demo_acme.t ADD COLUMN note String;
CREATE TABLE tenant_demo_acme.schema_migrations (version Int64, dirty UInt8, sequence UInt64) Engine=TinyLog;
INSERT INTO tenant_demo_acme.schema_migrations (version, dirty, sequence) VALUES (1, 0, 1700000000000000002), (2, 0, 1700000000000000004);

-- Roles: columns, what is left out, wildcards, options.
CREATE ROLE demo_analyst SETTINGS max_threads = 4;
GRANT SELECT(id, at) ON demo_reporting.events TO demo_analyst;
CREATE ROLE demo_auditor;
GRANT SELECT, INSERT ON demo_reporting.* TO demo_auditor;
REVOKE SELECT(secret) ON demo_reporting.events FROM demo_auditor;
GRANT SHOW ON *.* TO demo_auditor WITH GRANT OPTION;
CREATE ROLE demo_wide;
GRANT SELECT ON `demo_re*`.* TO demo_wide;
GRANT ALL ON demo_reporting.* TO demo_wide;
REVOKE TRUNCATE ON demo_reporting.* FROM demo_wide;
REVOKE GRANT OPTION FOR SELECT ON demo_reporting.events FROM demo_auditor;
GRANT demo_analyst TO demo_auditor WITH ADMIN OPTION;
CREATE ROLE `demo-odd`;

-- What limits and filters.
CREATE SETTINGS PROFILE demo_base SETTINGS log_comment = 'it''s "base"', max_threads = 8;
CREATE SETTINGS PROFILE demo_report SETTINGS INHERIT demo_base, max_memory_usage = 10000000000 MIN 1 MAX 20000000000,
  readonly = 2 CONST TO demo_analyst;
CREATE QUOTA demo_hourly KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 1000, execution_time = 90.5,
  FOR RANDOMIZED INTERVAL 90 second TRACKING ONLY TO ALL EXCEPT demo_auditor;
CREATE ROW POLICY demo_own ON demo_reporting.events USING id = 1 and secret != '${x}' AS RESTRICTIVE TO demo_analyst;
CREATE ROW POLICY demo_rest ON demo_reporting.events USING 1 TO ALL EXCEPT demo_analyst;

-- Users: several methods, a Secret, a certificate.
CREATE USER demo_bi IDENTIFIED WITH sha256_password BY 'old-password-of-1', ssl_certificate CN 'bi' VALID UNTIL '2090-01-01 00:00:00 UTC'
  HOST IP '10.0.0.0/8', LIKE '%.example.com' DEFAULT DATABASE demo_reporting
  GRANTEES demo_analyst SETTINGS PROFILE demo_base, max_threads = 2;
GRANT demo_analyst, demo_auditor TO demo_bi;
ALTER USER demo_bi DEFAULT ROLE demo_analyst;
CREATE USER demo_cert IDENTIFIED WITH ssl_certificate CN 'a', 'b' GRANTEES NONE;
CREATE USER demo_job IDENTIFIED WITH sha256_password BY 'old-password-of-1';
GRANT SELECT ON demo_reporting.events TO demo_job;
