-- Today's runner makes the database here. charter declares it, so this is recorded and not run.
CREATE DATABASE IF NOT EXISTS tenant_globex;
