-- traffic_daily: how much, every day?
--     SELECT * FROM traffic_daily;
-- day: when it began, in local time; then what was received and sent in it, and by how many
-- stored flows.  A block counts for the day in which its last second lies.
CREATE TEMP VIEW IF NOT EXISTS traffic_daily AS
SELECT date(time - 1, 'unixepoch', 'localtime') AS day,
       sum(packets_rcvd) AS packets_rcvd, sum(packets_sent) AS packets_sent,
       sum(bytes_rcvd) AS bytes_rcvd, sum(bytes_sent) AS bytes_sent, sum(flows) AS flows
  FROM report
 GROUP BY 1
 ORDER BY 1;
