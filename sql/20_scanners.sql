-- scanners: who asks very many hosts, or very many ports?
--     SELECT * FROM scanners;
-- sip: the address that asks; hosts, ports: how many different ones it asked; targets: how
-- many different pairs of both; then its traffic.  From a hundred hosts or ports on; a
-- server that others scan is no scanner, and a proxy may look like one.
CREATE TEMP VIEW IF NOT EXISTS scanners AS
SELECT sip, count(DISTINCT dip) AS hosts, count(DISTINCT dport) AS ports,
       count(*) AS targets, sum(packets) AS packets, sum(bytes) AS bytes
  FROM (SELECT sip, dip, dport, sum(packets) AS packets, sum(bytes) AS bytes
          FROM traffic
         GROUP BY sip, dip, dport)
 GROUP BY sip
HAVING hosts >= 100 OR ports >= 100
 ORDER BY targets DESC;
