-- What the pages of one vendor are read from, so that they cost the same however many orders and payments it has: the orders
-- of which only lines name it, and its payments; and how many vendors there are of each status.

-- The vendors that an order does not name itself but by its lines.
CREATE TABLE IF NOT EXISTS "Finances".vendor_order_line_vendor (
    vendor_order_id bigint NOT NULL,
    vendor_id       bigint NOT NULL,
    -- The order's, by which a vendor's orders are listed.
    created_at      timestamptz,
    CONSTRAINT vendor_order_line_vendor_pkey PRIMARY KEY (vendor_order_id, vendor_id)
);
CREATE INDEX IF NOT EXISTS vendor_order_line_vendor_vendor_id_idx
    ON "Finances".vendor_order_line_vendor (vendor_id, created_at DESC, vendor_order_id DESC);

CREATE OR REPLACE VIEW "Finances".vendor_order_line_vendor_source AS
SELECT DISTINCT ordered.id AS vendor_order_id,
       item.vendor_id,
       ordered.created_at
  FROM "Finances".vendor_order AS ordered
  JOIN "Finances".vendor_order_line_item AS item ON item.vendor_order_id = ordered.id
 WHERE item.vendor_id <> COALESCE(ordered.vendor_id, 0);

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
SELECT 'quotation', quotation.id, 'quotation', quotation.status::text, NULL, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".quotation
 UNION ALL
SELECT 'vendor', vendor.id, 'vendor', vendor.status::text, NULL, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".vendor;

CREATE OR REPLACE FUNCTION "Finances".recount_kept_totals() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- In the order in which writers come to them. Those that are not done wait here with their additions, and add them
    -- afterwards; what they changed is not seen yet.
    LOCK TABLE "Finances".store_group, "Finances".store_group_total, "Finances".kept_total, "Finances".kept_vendor_total,
               "Finances".vendor_order_due, "Finances".vendor_order_line_vendor IN EXCLUSIVE MODE;
    DELETE FROM "Finances".store_group;
    DELETE FROM "Finances".store_group_total;
    DELETE FROM "Finances".kept_total;
    DELETE FROM "Finances".kept_vendor_total;
    DELETE FROM "Finances".vendor_order_due;
    DELETE FROM "Finances".vendor_order_line_vendor;
    INSERT INTO "Finances".store_group (client_id, store_id, status, members)
    SELECT po.client_id, po.store_id, COALESCE(po.status, ''), count(*)
      FROM "Finances".client_po AS po
     WHERE po.client_id IS NOT NULL
       AND po.store_id IS NOT NULL
     GROUP BY GROUPING SETS ((po.client_id, po.store_id), (po.client_id, po.store_id, po.status))
    HAVING GROUPING(po.status) = 1 OR po.status <> ''
     ORDER BY 1, 2, 3;
    INSERT INTO "Finances".store_group_total (client_id, status, slot, stores, shared, members)
    SELECT client_id, status, 0, count(*), count(*) FILTER (WHERE members > 1), sum(members)
      FROM "Finances".store_group
     GROUP BY client_id, status
     ORDER BY client_id, status;
    INSERT INTO "Finances".kept_total
           (list, scope, scope_id, status, payment_status, slot, entries, amount, paid, lines, paid_entries,
            partial_entries)
    SELECT entry.list, scope.name, scope.id, entry.status,
           "Finances".kept_payment_status(entry.list, entry.paid_entries, entry.partial_entries), 0,
           sum(entry.entries), sum(entry.amount), sum(entry.paid), sum(entry.lines), sum(entry.paid_entries),
           sum(entry.partial_entries)
      FROM "Finances".kept_total_source AS entry
     CROSS JOIN LATERAL (
           VALUES ('all', 0),
                  ('client', entry.client_id),
                  ('project', entry.project_id),
                  ('vendor', entry.vendor_id)
           ) AS scope (name, id)
     WHERE scope.id IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5
     ORDER BY 1, 2, 3, 4, 5;
    INSERT INTO "Finances".kept_vendor_total
           (list, scope, scope_id, part, status, work_status, payment_status, slot, entries, amount, paid, lines,
            lines_amount)
    SELECT list, scope, scope_id, part, status, work_status, payment_status, 0, sum(entries), sum(amount), sum(paid),
           sum(lines), sum(lines_amount)
      FROM "Finances".kept_vendor_source
     GROUP BY 1, 2, 3, 4, 5, 6, 7
     ORDER BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO "Finances".vendor_order_due (vendor_order_id, vendor_id, due_date, is_own)
    SELECT vendor_order_id, vendor_id, due_date, is_own
      FROM "Finances".vendor_order_due_source
     ORDER BY vendor_order_id, vendor_id;
    INSERT INTO "Finances".vendor_order_line_vendor (vendor_order_id, vendor_id, created_at)
    SELECT vendor_order_id, vendor_id, created_at
      FROM "Finances".vendor_order_line_vendor_source
     ORDER BY vendor_order_id, vendor_id;
END
$$;

-- Once: where this runs again the server has kept them since.
SELECT "Finances".recount_kept_totals()
 WHERE NOT EXISTS (SELECT FROM "Finances".kept_total WHERE list = 'vendor')
   AND (EXISTS (SELECT FROM "Finances".vendor) OR EXISTS (SELECT FROM "Finances".vendor_order_line_item));

-- A vendor's last payment that arrived, and its payments of one status.
CREATE INDEX IF NOT EXISTS vendor_payment_vendor_paid_idx
    ON "Finances".vendor_payment (vendor_id, payment_date DESC NULLS LAST, id DESC)
 WHERE status IN ('cleared', 'completed', 'reconciled');
CREATE INDEX IF NOT EXISTS vendor_payment_vendor_status_idx
    ON "Finances".vendor_payment (vendor_id, status, payment_date DESC NULLS LAST, id DESC);
-- Payments that are a vendor's only by their order; there are few of them.
CREATE INDEX IF NOT EXISTS vendor_payment_by_order_idx
    ON "Finances".vendor_payment (vendor_order_id, payment_date)
 WHERE vendor_id IS NULL AND vendor_order_id IS NOT NULL;
-- A vendor's own orders that are due; of those that only lines give it, it may have many.
CREATE INDEX IF NOT EXISTS vendor_order_due_own_idx
    ON "Finances".vendor_order_due (vendor_id, due_date, vendor_order_id)
 WHERE is_own;
