-- report: what every report is made of.
--
-- All dimensions and counters of traffic, with percentages of the whole selection.  Like
-- traffic, it sums by the dimension columns that a statement uses, so take what you need:
--     SELECT dip, dport, bytes, bytes_percent FROM report ORDER BY bytes DESC LIMIT 10;
-- It is one plain SELECT, so that WHERE, ORDER BY and LIMIT reach the engine.
CREATE TEMP VIEW IF NOT EXISTS report AS
SELECT time, iface, sip, dip, dport, proto, proto_name, l7proto, l7_name, l7_category,
       packets, packets_rcvd, packets_sent,
       coalesce(round(100.0 * packets / nullif(total_packets, 0), 2), 0.0) AS packets_percent,
       bytes, bytes_rcvd, bytes_sent,
       coalesce(round(100.0 * bytes / nullif(total_bytes, 0), 2), 0.0) AS bytes_percent,
       flows, total_packets, total_bytes, total_flows,
       total_packets_rcvd, total_packets_sent, total_bytes_rcvd, total_bytes_sent,
       total_groups AS hits
  FROM traffic;
