-- A column of a union whose parts differ in type is made before any condition on it is looked at: with one integer among the ids
-- every look at a few rows of this view read all of them. So the ids are of one type here, and an index serves the one that is cast.

CREATE INDEX IF NOT EXISTS quotation_bigint_id_idx ON "Finances".quotation ((id::bigint));

CREATE OR REPLACE VIEW "Finances".kept_total_source AS
SELECT 'client_po'::text AS source,
       po.id,
       'client_po'::text AS list,
       po.status::text AS status,
       po.client_id,
       po.project_id,
       NULL::bigint AS vendor_id,
       1 AS entries,
       po.po_value AS amount,
       po.total_paid AS paid,
       po.line_item_count AS lines,
       (po.payment_status = 'paid')::integer AS paid_entries,
       (po.payment_status = 'partial')::integer AS partial_entries
  FROM "Finances".client_po_figures AS po
 UNION ALL
SELECT 'client_po', payment.client_po_id, 'client_payment', payment.status::text, payment.client_id, po.project_id, NULL, 1,
       0, 0, 0, 0, 0
  FROM "Finances".client_payment AS payment
  JOIN "Finances".client_po AS po ON po.id = payment.client_po_id
 UNION ALL
SELECT 'client_payment', payment.id, 'client_payment', payment.status::text, payment.client_id, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".client_payment AS payment
 WHERE payment.client_po_id IS NULL
 UNION ALL
SELECT 'vendor_payment', payment.id, 'vendor_payment', payment.status::text, NULL, payment.project_id,
       COALESCE(payment.vendor_id, ordered.vendor_id), 1, payment.amount, 0, 0, 0, 0
  FROM "Finances".vendor_payment AS payment
  LEFT JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
 UNION ALL
SELECT 'project', project.id, 'project', project.status::text, project.client_id, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".project
 UNION ALL
SELECT 'quotation', quotation.id::bigint, 'quotation', quotation.status::text, NULL, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".quotation
 UNION ALL
SELECT 'vendor', vendor.id, 'vendor', vendor.status::text, NULL, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".vendor
 UNION ALL
SELECT 'client_po', po.id, 'proforma_invoice', po.status::text, po.client_id, po.project_id, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".client_po AS po
 WHERE po.pi_number <> ''
 UNION ALL
SELECT 'project_document', document.id, 'project_document', COALESCE(document.document_type::text, ''), NULL, document.project_id, NULL,
       1, 0, 0, 0, 0, 0
  FROM "Finances".project_document AS document;

-- What of an order is each vendor's is summed over all orders unless the condition is on the share's own column.
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
SELECT 'vendor_order', share.vendor_order_id, 'vendor_share', 'vendor', share.vendor_id, '', ordered.status, ordered.work_status,
       '', 1, share.amount, 0, 0, 0
  FROM "Finances".vendor_share AS share
  JOIN "Finances".vendor_order AS ordered ON ordered.id = share.vendor_order_id
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

CREATE OR REPLACE VIEW "Finances".vendor_order_due_now AS
SELECT share.vendor_order_id,
       share.vendor_id,
       overview.due_date,
       COALESCE(share.vendor_id = overview.vendor_id, FALSE) AS is_own,
       overview.po_value - overview.paid AS amount
  FROM "Finances".vendor_share AS share
  JOIN "Finances".vendor_order_overview AS overview ON overview.id = share.vendor_order_id
 WHERE overview.is_live
   AND overview.due_date IS NOT NULL
   AND overview.po_value > overview.paid;
