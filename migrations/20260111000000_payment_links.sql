-- How many payment links there are, kept with the totals of the orders that they name.

-- What each row adds to which total. `source` and `id` name the row whose change the addition follows.
CREATE OR REPLACE VIEW "Finances".kept_vendor_source AS
SELECT 'vendor_order'::text AS source,
       overview.id,
       'vendor_order'::text AS list,
       scope.name AS scope,
       scope.id AS scope_id,
       part.name AS part,
       overview.status::text AS status,
       overview.work_status::text AS work_status,
       overview.payment_status::text AS payment_status,
       1::bigint AS entries,
       overview.po_value::numeric AS amount,
       overview.paid AS paid,
       overview.line_item_count AS lines,
       overview.line_items_total AS lines_amount
  FROM "Finances".vendor_order_overview AS overview
 CROSS JOIN LATERAL (
       VALUES ('all', 0::bigint), ('project', overview.project_id), ('vendor', overview.vendor_id)
       ) AS scope (name, id)
 CROSS JOIN LATERAL (VALUES (''), ("Finances".shown_category(overview.category))) AS part (name)
 WHERE scope.id IS NOT NULL
 UNION ALL
SELECT 'vendor_order', ordered.id, 'vendor_share', 'vendor', share.vendor_id, '', ordered.status, ordered.work_status, '', 1,
       share.amount, 0, 0, 0
  FROM "Finances".vendor_order AS ordered
  JOIN "Finances".vendor_share AS share ON share.vendor_order_id = ordered.id
 UNION ALL
-- How many days after their order the payments that arrived were made.
SELECT 'vendor_order', ordered.id, 'payment_days', 'vendor', COALESCE(payment.vendor_id, ordered.vendor_id), '', '', '', '',
       1, payment.payment_date - ordered.po_date, 0, 0, 0
  FROM "Finances".vendor_order AS ordered
  JOIN "Finances".vendor_payment AS payment ON payment.vendor_order_id = ordered.id
 WHERE payment.status IN ('cleared', 'completed', 'reconciled')
   AND payment.payment_date IS NOT NULL
   AND ordered.po_date IS NOT NULL
   AND COALESCE(payment.vendor_id, ordered.vendor_id) IS NOT NULL
 UNION ALL
SELECT 'vendor_payment', payment.id, 'payment_month', 'vendor', COALESCE(payment.vendor_id, ordered.vendor_id),
       to_char(payment.payment_date, 'YYYY-MM'), '', '', '', 1, payment.amount, 0, 0, 0
  FROM "Finances".vendor_payment AS payment
  LEFT JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
 WHERE payment.status IN ('cleared', 'completed', 'reconciled')
   AND payment.payment_date IS NOT NULL
   AND COALESCE(payment.vendor_id, ordered.vendor_id) IS NOT NULL
 UNION ALL
-- The links of an order, by their direction.
SELECT 'vendor_order', ordered.id, 'payment_link', scope.name, scope.id, '', link.link_type, '', '', count(*), 0, 0, 0, 0
  FROM "Finances".vendor_order AS ordered
  JOIN "Finances".payment_vendor_link AS link ON link.vendor_order_id = ordered.id
  LEFT JOIN "Finances".vendor_payment AS payment ON payment.id = link.vendor_payment_id
 CROSS JOIN LATERAL (
       -- Of an order of nobody, a link to a vendor's payment is that vendor's.
       VALUES ('all', 0::bigint),
              ('project', ordered.project_id),
              ('vendor', COALESCE(ordered.vendor_id, payment.vendor_id))
       ) AS scope (name, id)
 WHERE scope.id IS NOT NULL
 GROUP BY ordered.id, scope.name, scope.id, link.link_type;

-- Once: where this runs again the server has kept them since.
SELECT "Finances".recount_kept_totals()
 WHERE EXISTS (SELECT FROM "Finances".payment_vendor_link)
   AND NOT EXISTS (SELECT FROM "Finances".kept_vendor_total WHERE list = 'payment_link');
