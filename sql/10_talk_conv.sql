-- talk_conv: who talks to whom?
--     SELECT * FROM talk_conv LIMIT 10;
-- sip (who asked), dip, then packets and bytes, each with its percentage of all.
CREATE TEMP VIEW IF NOT EXISTS talk_conv AS
SELECT sip, dip, packets, packets_percent, bytes, bytes_percent
  FROM report
 ORDER BY bytes DESC;
