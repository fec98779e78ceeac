WITH kept AS (
    SELECT list, scope, scope_id, status, payment_status,
           sum(entries) AS entries,
           sum(amount) AS amount,
           sum(paid) AS paid,
           sum(lines) AS lines,
           sum(paid_entries) AS paid_entries,
           sum(partial_entries) AS partial_entries
      FROM "Finances".kept_total
     GROUP BY list, scope, scope_id, status, payment_status
),
counted AS (
    SELECT entry.list,
           scope.name AS scope,
           scope.id AS scope_id,
           entry.status,
           "Finances".kept_payment_status(entry.list, entry.paid_entries, entry.partial_entries) AS payment_status,
           sum(entry.entries) AS entries,
           sum(entry.amount) AS amount,
           sum(entry.paid) AS paid,
           sum(entry.lines) AS lines,
           sum(entry.paid_entries) AS paid_entries,
           sum(entry.partial_entries) AS partial_entries
      FROM "Finances".kept_total_source AS entry
     CROSS JOIN LATERAL (
           VALUES ('all', 0), ('client', entry.client_id), ('project', entry.project_id), ('vendor', entry.vendor_id)
           ) AS scope (name, id)
     WHERE scope.id IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5
),
compared AS (
    SELECT list, scope, scope_id, status, payment_status,
           COALESCE(kept.entries, 0) AS kept_entries,
           COALESCE(counted.entries, 0) AS entries,
           COALESCE(kept.amount, 0) AS kept_amount,
           COALESCE(counted.amount, 0) AS amount,
           COALESCE(kept.paid, 0) AS kept_paid,
           COALESCE(counted.paid, 0) AS paid,
           COALESCE(kept.lines, 0) AS kept_lines,
           COALESCE(counted.lines, 0) AS lines,
           COALESCE(kept.paid_entries, 0) AS kept_paid_entries,
           COALESCE(counted.paid_entries, 0) AS paid_entries,
           COALESCE(kept.partial_entries, 0) AS kept_partial_entries,
           COALESCE(counted.partial_entries, 0) AS partial_entries
      FROM kept
      FULL JOIN counted USING (list, scope, scope_id, status, payment_status)
)
SELECT concat_ws('/', list, scope, NULLIF(scope_id, 0), NULLIF(status, ''), NULLIF(payment_status, '')) AS "what!",
       format('entries %s, amount %s, paid %s, lines %s, paid entries %s, partial entries %s', kept_entries, kept_amount,
              kept_paid, kept_lines, kept_paid_entries, kept_partial_entries) AS "kept!",
       format('entries %s, amount %s, paid %s, lines %s, paid entries %s, partial entries %s', entries, amount, paid, lines,
              paid_entries, partial_entries) AS "counted!"
  FROM compared
 WHERE (kept_entries, kept_amount, kept_paid, kept_lines, kept_paid_entries, kept_partial_entries)
       <> (entries, amount, paid, lines, paid_entries, partial_entries)
 ORDER BY 1
