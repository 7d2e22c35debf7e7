-- apps_dpi: with which applications, by what their packets look like?
--     SELECT * FROM apps_dpi LIMIT 10;
-- l7_name, l7_category, then packets and bytes, each with its percentage of all.
CREATE TEMP VIEW IF NOT EXISTS apps_dpi AS
SELECT l7_name, l7_category, packets, packets_percent, bytes, bytes_percent
  FROM report
 ORDER BY bytes DESC;
