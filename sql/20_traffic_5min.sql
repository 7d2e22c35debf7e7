-- traffic_5min: how much, every five minutes?
--     SELECT * FROM traffic_5min;
-- time: stamp of the blocks, seconds since the epoch, the END of the five minutes; until:
-- the same in local time; then what was received and sent in them, and by how many flows.
CREATE TEMP VIEW IF NOT EXISTS traffic_5min AS
SELECT time, datetime(time, 'unixepoch', 'localtime') AS until,
       packets_rcvd, packets_sent, bytes_rcvd, bytes_sent, flows
  FROM report
 ORDER BY time;
