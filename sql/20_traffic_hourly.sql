-- traffic_hourly: how much, every hour?
--     SELECT * FROM traffic_hourly;
-- hour: when it began, in local time; then what was received and sent in it, and by how many
-- stored flows.  A block counts for the hour in which its last second lies.
CREATE TEMP VIEW IF NOT EXISTS traffic_hourly AS
SELECT strftime('%Y-%m-%d %H:00', time - 1, 'unixepoch', 'localtime') AS hour,
       sum(packets_rcvd) AS packets_rcvd, sum(packets_sent) AS packets_sent,
       sum(bytes_rcvd) AS bytes_rcvd, sum(bytes_sent) AS bytes_sent, sum(flows) AS flows
  FROM report
 GROUP BY 1
 ORDER BY 1;
