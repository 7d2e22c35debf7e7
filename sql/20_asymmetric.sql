-- asymmetric: which talk goes nearly all in one direction?
--     SELECT * FROM asymmetric LIMIT 10;
-- Conversations with more than ten times as many packets in one direction as in the other:
-- floods, answers that take another way, requests that nobody answers.
CREATE TEMP VIEW IF NOT EXISTS asymmetric AS
SELECT sip, dip, dport, proto_name AS proto, packets_rcvd, packets_sent, bytes_rcvd,
       bytes_sent
  FROM report
 WHERE max(packets_rcvd, packets_sent) > 10 * min(packets_rcvd, packets_sent)
 ORDER BY packets DESC;
