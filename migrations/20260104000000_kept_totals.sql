-- Totals of lists that are kept beside the rows, so that a page costs the same however many rows there are. The server
-- writes them with every change, in its transaction; recount_kept_totals() makes them anew from the rows.

CREATE TABLE IF NOT EXISTS "Finances".kept_total (
    list            text     NOT NULL,
    scope           text     NOT NULL,
    scope_id        bigint   NOT NULL,
    status          text     NOT NULL,
    -- Writers are spread over several rows of one total; readers add them up.
    slot            smallint NOT NULL,
    entries         bigint   NOT NULL DEFAULT 0,
    amount          numeric  NOT NULL DEFAULT 0,
    paid            numeric  NOT NULL DEFAULT 0,
    lines           bigint   NOT NULL DEFAULT 0,
    paid_entries    bigint   NOT NULL DEFAULT 0,
    partial_entries bigint   NOT NULL DEFAULT 0,
    CONSTRAINT kept_total_pkey PRIMARY KEY (list, scope, scope_id, status, slot)
);

-- What each row adds to which list. `source` and `id` name the row whose change the addition follows.
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
       COALESCE(payment.vendor_id, vendor_order.vendor_id), 1, 0, 0, 0, 0, 0
  FROM "Finances".vendor_payment AS payment
  LEFT JOIN "Finances".vendor_order ON vendor_order.id = payment.vendor_order_id
 UNION ALL
SELECT 'project', project.id, 'project', project.status::text, project.client_id, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".project
 UNION ALL
SELECT 'quotation', quotation.id, 'quotation', quotation.status::text, NULL, NULL, NULL, 1, 0, 0, 0, 0, 0
  FROM "Finances".quotation;

CREATE OR REPLACE FUNCTION "Finances".recount_kept_totals() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- Writers that are not done wait here with their additions, and add them afterwards; what they changed is not seen yet.
    LOCK TABLE "Finances".kept_total IN EXCLUSIVE MODE;
    DELETE FROM "Finances".kept_total;
    INSERT INTO "Finances".kept_total
           (list, scope, scope_id, status, slot, entries, amount, paid, lines, paid_entries, partial_entries)
    SELECT entry.list, scope.name, scope.id, entry.status, 0, sum(entry.entries), sum(entry.amount), sum(entry.paid),
           sum(entry.lines), sum(entry.paid_entries), sum(entry.partial_entries)
      FROM "Finances".kept_total_source AS entry
     CROSS JOIN LATERAL (
           VALUES ('all', 0),
                  ('client', entry.client_id),
                  ('project', entry.project_id),
                  ('vendor', entry.vendor_id)
           ) AS scope (name, id)
     WHERE scope.id IS NOT NULL
     GROUP BY entry.list, scope.name, scope.id, entry.status
     ORDER BY entry.list, scope.name, scope.id, entry.status;
END
$$;

-- Once: where this runs again the server has kept them since.
SELECT "Finances".recount_kept_totals()
 WHERE NOT EXISTS (SELECT FROM "Finances".kept_total);
