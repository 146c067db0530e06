-- Today's runner sets up access here. charter declares it, so this is recorded and not run.
CREATE ROLE IF NOT EXISTS role_tenant_globex;
GRANT SELECT, INSERT, ALTER, CREATE, DROP ON tenant_globex.* TO role_tenant_globex;
CREATE USER IF NOT EXISTS user_tenant_globex;
GRANT role_tenant_globex TO user_tenant_globex;
