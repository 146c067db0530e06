CREATE QUOTA IF NOT EXISTS q_acme FOR INTERVAL 1 hour MAX queries = 1000 TO ${charter.role};
