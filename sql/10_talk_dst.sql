-- talk_dst: who is asked?
--     SELECT * FROM talk_dst LIMIT 10;
-- dip, then packets and bytes, each with its percentage of all.
CREATE TEMP VIEW IF NOT EXISTS talk_dst AS
SELECT dip, packets, packets_percent, bytes, bytes_percent
  FROM report
 ORDER BY bytes DESC;
