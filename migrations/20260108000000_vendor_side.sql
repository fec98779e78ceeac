-- The figures of vendor orders, of vendors and of payment links, and the kept totals behind their lists, so that a page costs
-- the same however many of them there are.

-- A vendor order with its names, lines, payments and links (vendor formulas, sections 3, 4.1 and 4.2).
CREATE OR REPLACE VIEW "Finances".vendor_order_overview AS
SELECT ordered.id,
       ordered.vendor_id,
       vendor.name AS vendor_name,
       ordered.project_id,
       project.name AS project_name,
       ordered.client_po_id,
       ordered.po_number,
       ordered.po_date,
       ordered.due_date,
       ordered.po_value,
       ordered.stated_value,
       ordered.value_basis,
       -- Null without lines: there is nothing to differ from.
       ordered.stated_value - line.total AS value_difference,
       COALESCE(line.total, 0) AS line_items_total,
       line.entries AS line_item_count,
       ordered.description,
       ordered.category,
       ordered.status,
       ordered.work_status,
       ordered.status NOT IN ('rejected', 'cancelled') AND ordered.work_status <> 'cancelled' AS is_live,
       CASE
           -- The word that a user chose stands only as long as no payment says how it is.
           WHEN direct.entries + link.payments = 0 THEN ordered.payment_status
           WHEN ordered.po_value > 0 AND direct.paid + link.paid >= ordered.po_value THEN 'paid'
           WHEN direct.paid + link.paid > 0 THEN 'partial'
           ELSE 'pending'
       END AS payment_status,
       CASE WHEN direct.entries + link.payments = 0 THEN 'manual' ELSE 'payments' END AS payment_status_source,
       direct.paid + link.paid AS paid,
       direct.committed + link.committed AS committed,
       link.entries AS linked_payments_count,
       ordered.final_po_value,
       ordered.billing_status,
       ordered.billing_notes,
       ordered.version,
       ordered.created_at,
       ordered.updated_at
  FROM "Finances".vendor_order AS ordered
  LEFT JOIN "Finances".vendor ON vendor.id = ordered.vendor_id
  LEFT JOIN "Finances".project ON project.id = ordered.project_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS entries,
              sum(item.total_price) AS total
         FROM "Finances".vendor_order_line_item AS item
        WHERE item.vendor_order_id = ordered.id
       ) AS line
 CROSS JOIN LATERAL (
       SELECT count(*) AS entries,
              COALESCE(sum(payment.amount)
                       FILTER (WHERE payment.status IN ('cleared', 'completed', 'reconciled')), 0) AS paid,
              COALESCE(sum(payment.amount)
                       FILTER (WHERE payment.status NOT IN ('bounced', 'failed', 'cancelled')), 0) AS committed
         FROM "Finances".vendor_payment AS payment
        WHERE payment.vendor_order_id = ordered.id
       ) AS direct
 CROSS JOIN LATERAL (
       -- A share of an advance; a payment that has an order of its own counts there, once.
       SELECT count(*) AS entries,
              count(payment.id) AS payments,
              COALESCE(sum(link.amount_allocated)
                       FILTER (WHERE payment.vendor_order_id IS NULL
                                 AND payment.status IN ('cleared', 'completed', 'reconciled')), 0) AS paid,
              COALESCE(sum(link.amount_allocated)
                       FILTER (WHERE payment.vendor_order_id IS NULL
                                 AND payment.status NOT IN ('bounced', 'failed', 'cancelled')), 0) AS committed
         FROM "Finances".payment_vendor_link AS link
         LEFT JOIN "Finances".vendor_payment AS payment
           ON payment.id = link.vendor_payment_id AND link.link_type = 'outgoing'
        WHERE link.vendor_order_id = ordered.id
       ) AS link;

-- What the orders for a client PO may still take of its payments: what the PO is worth, less what the live ones have; negative
-- if that is more (vendor formulas, section 4.2).
CREATE OR REPLACE VIEW "Finances".client_po_link_room AS
SELECT po.id,
       po.po_value - COALESCE(sum(link.amount_allocated), 0) AS room
  FROM "Finances".client_po AS po
  LEFT JOIN ("Finances".vendor_order AS ordered
             JOIN "Finances".payment_vendor_link AS link
               ON link.vendor_order_id = ordered.id AND link.link_type = 'incoming'
             JOIN "Finances".client_payment AS payment
               ON payment.id = link.payment_id AND payment.status NOT IN ('bounced', 'failed', 'cancelled'))
    ON ordered.client_po_id = po.id
   AND ordered.status NOT IN ('rejected', 'cancelled')
   AND ordered.work_status <> 'cancelled'
 GROUP BY po.id;

-- What can go back to the client for an order: what came in for it, less what went back; negative if that is more.
CREATE OR REPLACE VIEW "Finances".vendor_order_refund_room AS
SELECT ordered.id,
       COALESCE(sum(CASE link.link_type WHEN 'incoming' THEN link.amount_allocated ELSE -link.amount_allocated END), 0)
           AS room
  FROM "Finances".vendor_order AS ordered
  LEFT JOIN ("Finances".payment_vendor_link AS link
             JOIN "Finances".client_payment AS payment
               ON payment.id = link.payment_id AND payment.status NOT IN ('bounced', 'failed', 'cancelled'))
    ON link.vendor_order_id = ordered.id
 GROUP BY ordered.id;

-- What of an order is each vendor's, for each vendor that has the order or a line of it.
CREATE OR REPLACE VIEW "Finances".vendor_share AS
SELECT ordered.id AS vendor_order_id,
       part.vendor_id,
       sum(part.amount) AS amount
  FROM "Finances".vendor_order AS ordered
 CROSS JOIN LATERAL (
       SELECT COALESCE(item.vendor_id, ordered.vendor_id) AS vendor_id,
              item.total_price AS amount
         FROM "Finances".vendor_order_line_item AS item
        WHERE item.vendor_order_id = ordered.id
        UNION ALL
       -- What was stated beyond the lines is the order's own vendor's.
       SELECT ordered.vendor_id,
              CASE
                  WHEN ordered.value_basis = 'stated' THEN ordered.po_value - (
                      SELECT COALESCE(sum(item.total_price), 0)
                        FROM "Finances".vendor_order_line_item AS item
                       WHERE item.vendor_order_id = ordered.id
                  )
                  ELSE 0
              END
       ) AS part
 WHERE part.vendor_id IS NOT NULL
 GROUP BY ordered.id, part.vendor_id;

-- Totals of vendor orders and payments; as kept_total, with the words that these lists are asked by.
CREATE TABLE IF NOT EXISTS "Finances".kept_vendor_total (
    list           text     NOT NULL,
    scope          text     NOT NULL,
    scope_id       bigint   NOT NULL,
    -- A category of orders, a month of payments; '' stands for all of them.
    part           text     NOT NULL,
    status         text     NOT NULL,
    work_status    text     NOT NULL,
    payment_status text     NOT NULL,
    slot           smallint NOT NULL,
    entries        bigint   NOT NULL,
    amount         numeric  NOT NULL,
    paid           numeric  NOT NULL,
    lines          bigint   NOT NULL,
    lines_amount   numeric  NOT NULL,
    CONSTRAINT kept_vendor_total_pkey
        PRIMARY KEY (list, scope, scope_id, part, status, work_status, payment_status, slot)
);
CREATE INDEX IF NOT EXISTS kept_vendor_total_part_lower_idx
    ON "Finances".kept_vendor_total (list, scope, scope_id, lower(part));

-- Orders that are due on a day and not paid in full, for each vendor that has a share of them.
CREATE TABLE IF NOT EXISTS "Finances".vendor_order_due (
    vendor_order_id bigint  NOT NULL,
    vendor_id       bigint  NOT NULL,
    due_date        date    NOT NULL,
    -- Whether the order names the vendor; else only lines of it do.
    is_own          boolean NOT NULL,
    CONSTRAINT vendor_order_due_pkey PRIMARY KEY (vendor_order_id, vendor_id)
);
CREATE INDEX IF NOT EXISTS vendor_order_due_vendor_id_idx
    ON "Finances".vendor_order_due (vendor_id, due_date, vendor_order_id);

CREATE OR REPLACE VIEW "Finances".vendor_order_due_source AS
SELECT overview.id AS vendor_order_id,
       share.vendor_id,
       overview.due_date,
       COALESCE(share.vendor_id = overview.vendor_id, FALSE) AS is_own
  FROM "Finances".vendor_order_overview AS overview
  JOIN "Finances".vendor_share AS share ON share.vendor_order_id = overview.id
 WHERE overview.is_live
   AND overview.due_date IS NOT NULL
   AND overview.po_value > overview.paid;

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

-- The category that an order is shown in.
CREATE OR REPLACE FUNCTION "Finances".shown_category(category text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN COALESCE(NULLIF(btrim(category), ''), 'Uncategorized');

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

-- Vendor payments add what they are over, too, and vendors are counted.
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

-- A vendor's orders and payments, from the kept totals (vendor formulas, section 4.2).
CREATE OR REPLACE VIEW "Finances".vendor_figures AS
SELECT vendor.id,
       share.total_orders,
       share.live_orders,
       share.active_orders,
       share.total_order_value,
       payment.payment_count,
       payment.total_amount,
       payment.total_paid,
       payment.total_pending,
       payment.total_bounced,
       payment.total_failed,
       payment.total_cancelled,
       payment.paid_count,
       payment.pending_count,
       payment.bounced_count,
       payment.failed_count,
       payment.cancelled_count,
       COALESCE(round(timed.days / NULLIF(timed.entries, 0), 1), 0) AS average_payment_days
  FROM "Finances".vendor
 CROSS JOIN LATERAL (
       SELECT COALESCE(sum(kept.entries), 0)::bigint AS total_orders,
              COALESCE(sum(kept.entries) FILTER (WHERE kept.is_live), 0)::bigint AS live_orders,
              COALESCE(sum(kept.entries) FILTER (WHERE kept.is_live AND kept.work_status <> 'completed'), 0)::bigint
                  AS active_orders,
              COALESCE(sum(kept.amount) FILTER (WHERE kept.is_live), 0) AS total_order_value
         FROM (
              SELECT total.entries,
                     total.amount,
                     total.work_status,
                     total.status NOT IN ('rejected', 'cancelled') AND total.work_status <> 'cancelled' AS is_live
                FROM "Finances".kept_vendor_total AS total
               WHERE total.list = 'vendor_share'
                 AND total.scope = 'vendor'
                 AND total.scope_id = vendor.id
              ) AS kept
       ) AS share
 CROSS JOIN LATERAL (
       SELECT COALESCE(sum(total.entries), 0)::bigint AS payment_count,
              COALESCE(sum(total.amount), 0) AS total_amount,
              COALESCE(sum(total.amount) FILTER (WHERE total.status IN ('cleared', 'completed', 'reconciled')), 0)
                  AS total_paid,
              COALESCE(sum(total.amount) FILTER (WHERE total.status IN ('pending', 'processing')), 0) AS total_pending,
              COALESCE(sum(total.amount) FILTER (WHERE total.status = 'bounced'), 0) AS total_bounced,
              COALESCE(sum(total.amount) FILTER (WHERE total.status = 'failed'), 0) AS total_failed,
              COALESCE(sum(total.amount) FILTER (WHERE total.status = 'cancelled'), 0) AS total_cancelled,
              COALESCE(sum(total.entries) FILTER (WHERE total.status IN ('cleared', 'completed', 'reconciled')), 0)::bigint
                  AS paid_count,
              COALESCE(sum(total.entries) FILTER (WHERE total.status IN ('pending', 'processing')), 0)::bigint
                  AS pending_count,
              COALESCE(sum(total.entries) FILTER (WHERE total.status = 'bounced'), 0)::bigint AS bounced_count,
              COALESCE(sum(total.entries) FILTER (WHERE total.status = 'failed'), 0)::bigint AS failed_count,
              COALESCE(sum(total.entries) FILTER (WHERE total.status = 'cancelled'), 0)::bigint AS cancelled_count
         FROM "Finances".kept_total AS total
        WHERE total.list = 'vendor_payment'
          AND total.scope = 'vendor'
          AND total.scope_id = vendor.id
       ) AS payment
 CROSS JOIN LATERAL (
       SELECT COALESCE(sum(total.entries), 0)::bigint AS entries,
              sum(total.amount) AS days
         FROM "Finances".kept_vendor_total AS total
        WHERE total.list = 'payment_days'
          AND total.scope = 'vendor'
          AND total.scope_id = vendor.id
       ) AS timed;

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
 WHERE NOT EXISTS (SELECT FROM "Finances".kept_vendor_total)
   AND NOT EXISTS (SELECT FROM "Finances".kept_total WHERE list = 'vendor')
   AND (EXISTS (SELECT FROM "Finances".vendor) OR EXISTS (SELECT FROM "Finances".vendor_order)
        OR EXISTS (SELECT FROM "Finances".vendor_payment));

-- Orders by the category that they are shown in, and in the order in which the lines of a category are listed.
DROP INDEX IF EXISTS "Finances".vendor_order_category_lower_idx;
CREATE INDEX IF NOT EXISTS vendor_order_category_idx
    ON "Finances".vendor_order (lower("Finances".shown_category(category)), id);

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

CREATE OR REPLACE FUNCTION "Finances".make_search_indexes() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    ops text;
BEGIN
    BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA "Finances";
    EXCEPTION WHEN undefined_file OR feature_not_supported OR insufficient_privilege THEN
        RAISE NOTICE 'search goes without an index: %', SQLERRM;
        RETURN FALSE;
    END;
    -- It may have been there before, in another schema.
    SELECT format('%I.gin_trgm_ops', namespace.nspname)
      INTO ops
      FROM pg_catalog.pg_extension AS extension
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = extension.extnamespace
     WHERE extension.extname = 'pg_trgm';
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS client_po_search_idx ON "Finances".client_po
         USING gin (po_number %1$s, pi_number %1$s, store_id %1$s)', ops);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS project_search_idx ON "Finances".project
         USING gin (name %1$s, location %1$s, city %1$s, state %1$s)', ops);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS quotation_search_idx ON "Finances".quotation
         USING gin (store_id %1$s, company_name %1$s, store_location %1$s)', ops);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS vendor_search_idx ON "Finances".vendor USING gin (name %1$s)', ops);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS vendor_order_search_idx ON "Finances".vendor_order
         USING gin (po_number %1$s, description %1$s, category %1$s)', ops);
    RETURN TRUE;
END
$$;

SELECT "Finances".make_search_indexes();
