-- new_talkers: who has talked in the last day and never before?
--     SELECT * FROM new_talkers LIMIT 10;
-- sip: the address that asked; then its traffic of the last day.  For another time than a
-- day, put it in the place of both '-1d'.
CREATE TEMP VIEW IF NOT EXISTS new_talkers AS
SELECT sip, flows, packets, bytes
  FROM traffic
 WHERE first = '-1d'
   AND sip NOT IN (SELECT sip FROM traffic WHERE last = '-1d')
 ORDER BY bytes DESC;
