-- Rows that were written down and those that should be, of each table: what is in one only, or differs, stands in both as
-- two rows.
WITH kept AS (
    SELECT 'vendor_order_due' AS page,
           vendor_order_id,
           format('vendor %s, due %s, own %s, amount %s', vendor_id, due_date, is_own, amount::numeric(30, 2)) AS line
      FROM "Finances".vendor_order_due
     UNION ALL
    SELECT 'vendor_order_line_vendor', vendor_order_id, format('vendor %s', vendor_id)
      FROM "Finances".vendor_order_line_vendor
     UNION ALL
    SELECT 'payment_link_owner', vendor_order_id,
           format('link %s, %s %s, %s, amount %s', link_id, owner, owner_id, link_type, amount_allocated)
      FROM "Finances".payment_link_owner
),
counted AS (
    SELECT 'vendor_order_due' AS page,
           vendor_order_id,
           format('vendor %s, due %s, own %s, amount %s', vendor_id, due_date, is_own, amount::numeric(30, 2)) AS line
      FROM "Finances".vendor_order_due_now
     UNION ALL
    SELECT 'vendor_order_line_vendor', vendor_order_id, format('vendor %s', vendor_id)
      FROM "Finances".vendor_order_line_vendor_source
     UNION ALL
    SELECT 'payment_link_owner', vendor_order_id,
           format('link %s, %s %s, %s, amount %s', link_id, owner, owner_id, link_type, amount_allocated)
      FROM "Finances".payment_link_owner_source
)
SELECT concat_ws('/', page, vendor_order_id) AS "what!",
       COALESCE(kept.line, 'nothing') AS "kept!",
       COALESCE(counted.line, 'nothing') AS "counted!"
  FROM kept
  FULL JOIN counted USING (page, vendor_order_id, line)
 WHERE kept.line IS NULL
    OR counted.line IS NULL
 ORDER BY 1, 2, 3
