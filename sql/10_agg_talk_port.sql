-- agg_talk_port: who talks to whom over which port?
--     SELECT * FROM agg_talk_port LIMIT 10;
-- sip, dip, dport, proto, then packets and bytes, each with its percentage of all.
CREATE TEMP VIEW IF NOT EXISTS agg_talk_port AS
SELECT sip, dip, dport, proto_name AS proto, packets, packets_percent, bytes,
       bytes_percent
  FROM report
 ORDER BY bytes DESC;
