-- apps_port: over which ports?
--     SELECT * FROM apps_port LIMIT 10;
-- dport, proto, then packets and bytes, each with its percentage of all.
CREATE TEMP VIEW IF NOT EXISTS apps_port AS
SELECT dport, proto_name AS proto, packets, packets_percent, bytes, bytes_percent
  FROM report
 ORDER BY bytes DESC;
