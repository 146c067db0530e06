USE ops;
SET mutations_sync = 2;
CREATE USER eve IDENTIFIED BY 'hunter5';
INSERT INTO ops.events FORMAT CSV
1,2
