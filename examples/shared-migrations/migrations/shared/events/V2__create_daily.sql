-- A view for each tenant, which knows whose it is.
CREATE VIEW daily AS
SELECT '${charter.tenant}' AS tenant, toDate(at) AS day, count() AS events
FROM ${charter.database}.events
GROUP BY day;

-- charter:settings mutations_sync=2, max_threads=1
ALTER TABLE events UPDATE kind = upper(kind) WHERE id = 1;
