-- top_growth: whose traffic has grown most since the day before?
--     SELECT * FROM top_growth LIMIT 10;
-- sip: the address that asked; bytes, bytes_before: of the last day and of the day before;
-- growth: the difference.  For other periods, put their times in the place of these.
CREATE TEMP VIEW IF NOT EXISTS top_growth AS
SELECT sip, sum(now) AS bytes, sum(before) AS bytes_before,
       sum(now) - sum(before) AS growth
  FROM (SELECT sip, bytes AS now, 0 AS before FROM traffic WHERE first = '-1d'
        UNION ALL
        SELECT sip, 0, bytes FROM traffic WHERE first = '-2d' AND last = '-1d')
 GROUP BY sip
 ORDER BY growth DESC;
