-- iface_summary: what does each interface do, and did capture lose anything?
--     SELECT * FROM iface_summary;
-- since, until: the time that its blocks cover, local; bits_per_s: the mean over that time;
-- dropped: packets that capture lost, NULL where nobody counted.
CREATE TEMP VIEW IF NOT EXISTS iface_summary AS
SELECT iface, datetime(first_s, 'unixepoch', 'localtime') AS since,
       datetime(last_s, 'unixepoch', 'localtime') AS until,
       flows, packets_rcvd, packets_sent, bytes_rcvd, bytes_sent, bytes_percent,
       bytes * 8 / (last_s - first_s) AS bits_per_s, dropped
  FROM report
  JOIN (SELECT iface, min(time) - 300 AS first_s, max(time) AS last_s,
               sum(pcap_dropped) AS dropped
          FROM blocks
         GROUP BY iface) USING (iface)
 ORDER BY bytes DESC;
