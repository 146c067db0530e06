CREATE USER user_tenant_acme IDENTIFIED BY 'hunter5';
