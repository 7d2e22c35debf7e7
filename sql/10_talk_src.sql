-- talk_src: who asks?
--     SELECT * FROM talk_src LIMIT 10;
-- sip, then packets and bytes, each with its percentage of all.
CREATE TEMP VIEW IF NOT EXISTS talk_src AS
SELECT sip, packets, packets_percent, bytes, bytes_percent
  FROM report
 ORDER BY bytes DESC;
