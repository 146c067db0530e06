-- An estate that grew by hand; demo stands for whatever its names begin with.
CREATE DATABASE demo_reporting COMMENT 'shared "aggregates" of ${all}';
CREATE TABLE demo_reporting.events (id UInt64, at DateTime, secret String) ENGINE = MergeTree ORDER BY id;

-- Today's runner, twice; the second one was changed since.
    "CREATE DATABASE tenant_@_acme",
    "CREATE ROLE role_tenant_@_acme",
    "GRANT SELECT, INSERT, ALTER, CREATE, DROP ON tenant_@_acme.* TO role_tenant_@_acme",
    "CREATE USER user_tenant_@_acme IDENTIFIED WITH sha256_password BY 'old-password-of-1'",
    "GRANT role_tenant_@_acme TO user_tenant_@_acme",
    "CREATE DATABASE tenant_@_globex",
    "CREATE ROLE role_tenant_@_globex",
    "GRANT SELECT, INSERT ON tenant_@_globex.* TO role_tenant_@_globex",
    "GRANT SELECT(id, at) ON @_reporting.events TO role_tenant_@_globex",
    "CREATE USER user_tenant_@_globex IDENTIFIED WITH sha256_password BY 'old-password-of-1' HOST IP '10.0.0.0/8', LOCAL",
    "GRANT role_tenant_@_globex TO user_tenant_@_globex",
    // golang-migrate in the first one.
    "CREATE TABLE tenant_@_acme.t (id UInt64) ENGINE = MergeTree ORDER BY id",
    "ALTER TABLE tenant_@_acme.t ADD COLUMN note String",
    "CREATE TABLE tenant_@_acme.schema_migrations (version Int64, dirty UInt8, sequence UInt64) Engine=TinyLog",
    "INSERT INTO tenant_@_acme.schema_migrations (version, dirty, sequence) VALUES (1, 0, 1700000000000000002), (2, 0, 1700000000000000004)",
    // Roles: columns, what is left out, wildcards, options.
    "CREATE ROLE @_analyst SETTINGS max_threads = 4",
    "GRANT SELECT(id, at) ON @_reporting.events TO @_analyst",
    "CREATE ROLE @_auditor",
    "GRANT SELECT, INSERT ON @_reporting.* TO @_auditor",
    "REVOKE SELECT(secret) ON @_reporting.events FROM @_auditor",
    "GRANT SHOW ON *.* TO @_auditor WITH GRANT OPTION",
    "CREATE ROLE @_wide",
    "GRANT SELECT ON `@_re*`.* TO @_wide",
    "GRANT ALL ON @_reporting.* TO @_wide",
    "REVOKE TRUNCATE ON @_reporting.* FROM @_wide",
    "REVOKE GRANT OPTION FOR SELECT ON @_reporting.events FROM @_auditor",
    "GRANT @_analyst TO @_auditor WITH ADMIN OPTION",
    "CREATE ROLE `@-odd`",
    // What limits and filters.
    "CREATE SETTINGS PROFILE @_base SETTINGS log_comment = 'it''s \"base\"', max_threads = 8",
    "CREATE SETTINGS PROFILE @_report SETTINGS INHERIT @_base, max_memory_usage = 10000000000 MIN 1 MAX 20000000000, \
     readonly = 2 CONST TO @_analyst",
    "CREATE QUOTA @_hourly KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 1000, execution_time = 90.5, \
     FOR RANDOMIZED INTERVAL 90 second TRACKING ONLY TO ALL EXCEPT @_auditor",
    "CREATE ROW POLICY @_own ON @_reporting.events USING id = 1 and secret != '${x}' AS RESTRICTIVE TO @_analyst",
    "CREATE ROW POLICY @_rest ON @_reporting.events USING 1 TO ALL EXCEPT @_analyst",
    // Users: several methods, a Secret, a certificate.
    "CREATE USER @_bi IDENTIFIED WITH sha256_password BY 'old-password-of-1', ssl_certificate CN 'bi' VALID UNTIL '2090-01-01 00:00:00 UTC' \
     HOST IP '10.0.0.0/8', LIKE '%.example.com' DEFAULT DATABASE @_reporting \
     GRANTEES @_analyst SETTINGS PROFILE @_base, max_threads = 2",
    "GRANT @_analyst, @_auditor TO @_bi",
    "ALTER USER @_bi DEFAULT ROLE @_analyst",
    "CREATE USER @_cert IDENTIFIED WITH ssl_certificate CN 'a', 'b' GRANTEES NONE",
    "CREATE USER @_job IDENTIFIED WITH sha256_password BY 'old-password-of-1'",
    "GRANT SELECT ON @_reporting.events TO @_job",

