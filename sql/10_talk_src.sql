-- talk_src: who asks?
--     SELECT * FROM talk_src LIMIT 10;
CREATE TEMP VIEW IF NOT EXISTS talk_src AS
SELECT sip, packets, packets_percent, bytes, bytes_percent
  FROM report
 ORDER BY bytes DESC;
