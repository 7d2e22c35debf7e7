-- raw: every stored flow, as it is.
--     SELECT * FROM raw WHERE dport = 22 LIMIT 10;
-- time (END of the interval), iface, sip, dip, dport, proto, l7_name, l7_category, and the
-- four counters.
CREATE TEMP VIEW IF NOT EXISTS raw AS
SELECT time, iface, sip, dip, dport, proto_name AS proto, l7_name, l7_category,
       packets_rcvd, packets_sent, bytes_rcvd, bytes_sent
  FROM flows;
