-- Today's runner sets up access here. charter declares it, so this is recorded and not run.
CREATE ROLE IF NOT EXISTS role_tenant_acme;
GRANT SELECT, INSERT, ALTER, CREATE, DROP ON tenant_acme.* TO role_tenant_acme;
CREATE USER IF NOT EXISTS user_tenant_acme;
GRANT role_tenant_acme TO user_tenant_acme;
