WITH kept AS (
    SELECT list, scope, scope_id, part, status, work_status, payment_status,
           sum(entries) AS entries,
           sum(amount) AS amount,
           sum(paid) AS paid,
           sum(lines) AS lines,
           sum(lines_amount) AS lines_amount
      FROM "Finances".kept_vendor_total
     GROUP BY 1, 2, 3, 4, 5, 6, 7
),
counted AS (
    SELECT list, scope, scope_id, part, status, work_status, payment_status,
           sum(entries) AS entries,
           sum(amount) AS amount,
           sum(paid) AS paid,
           sum(lines) AS lines,
           sum(lines_amount) AS lines_amount
      FROM "Finances".kept_vendor_source
     GROUP BY 1, 2, 3, 4, 5, 6, 7
),
compared AS (
    SELECT list, scope, scope_id, part, status, work_status, payment_status,
           COALESCE(kept.entries, 0) AS kept_entries,
           COALESCE(counted.entries, 0) AS entries,
           COALESCE(kept.amount, 0) AS kept_amount,
           COALESCE(counted.amount, 0) AS amount,
           COALESCE(kept.paid, 0) AS kept_paid,
           COALESCE(counted.paid, 0) AS paid,
           COALESCE(kept.lines, 0) AS kept_lines,
           COALESCE(counted.lines, 0) AS lines,
           COALESCE(kept.lines_amount, 0) AS kept_lines_amount,
           COALESCE(counted.lines_amount, 0) AS lines_amount
      FROM kept
      FULL JOIN counted USING (list, scope, scope_id, part, status, work_status, payment_status)
)
SELECT concat_ws('/', list, scope, NULLIF(scope_id, 0), NULLIF(part, ''), NULLIF(status, ''), NULLIF(work_status, ''),
                 NULLIF(payment_status, '')) AS "what!",
       format('entries %s, amount %s, paid %s, lines %s, lines'' amount %s', kept_entries, kept_amount, kept_paid,
              kept_lines, kept_lines_amount) AS "kept!",
       format('entries %s, amount %s, paid %s, lines %s, lines'' amount %s', entries, amount, paid, lines, lines_amount)
           AS "counted!"
  FROM compared
 WHERE (kept_entries, kept_amount, kept_paid, kept_lines, kept_lines_amount)
       <> (entries, amount, paid, lines, lines_amount)
 ORDER BY 1
