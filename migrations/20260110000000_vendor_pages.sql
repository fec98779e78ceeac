-- What a vendor's and a project's pages of payment links, and a vendor's list of what is due, are read from, so that they cost
-- the same however many links and orders there are.

-- The vendor and the project that a link is listed with: those of its order; of an order of nobody, a link to a vendor's
-- payment is that vendor's.
CREATE TABLE IF NOT EXISTS "Finances".payment_link_owner (
    vendor_order_id  bigint        NOT NULL,
    link_id          bigint        NOT NULL,
    -- `vendor` or `project`.
    owner            text          NOT NULL,
    owner_id         bigint        NOT NULL,
    -- What links are listed by; nothing changes it.
    link_type        text          NOT NULL,
    amount_allocated numeric(15,2) NOT NULL,
    linked_at        timestamptz   NOT NULL,
    CONSTRAINT payment_link_owner_pkey PRIMARY KEY (vendor_order_id, link_id, owner)
);
CREATE INDEX IF NOT EXISTS payment_link_owner_owner_idx
    ON "Finances".payment_link_owner (owner, owner_id, linked_at DESC, link_id DESC);
CREATE INDEX IF NOT EXISTS payment_link_owner_link_type_idx
    ON "Finances".payment_link_owner (owner, owner_id, link_type, linked_at DESC, link_id DESC);

CREATE OR REPLACE VIEW "Finances".payment_link_owner_source AS
SELECT link.vendor_order_id,
       link.id AS link_id,
       named.owner,
       named.id AS owner_id,
       link.link_type::text AS link_type,
       link.amount_allocated,
       link.linked_at
  FROM "Finances".payment_vendor_link AS link
  JOIN "Finances".vendor_order AS ordered ON ordered.id = link.vendor_order_id
  LEFT JOIN "Finances".vendor_payment AS payment ON payment.id = link.vendor_payment_id
 CROSS JOIN LATERAL (
       VALUES ('project', ordered.project_id), ('vendor', COALESCE(ordered.vendor_id, payment.vendor_id))
       ) AS named (owner, id)
 WHERE named.id IS NOT NULL;

-- What is still to be paid of an order that is due. Null where the figures were not counted since this column is there.
ALTER TABLE "Finances".vendor_order_due ADD COLUMN IF NOT EXISTS amount numeric;

-- Replaces vendor_order_due_source.
CREATE OR REPLACE VIEW "Finances".vendor_order_due_now AS
SELECT overview.id AS vendor_order_id,
       share.vendor_id,
       overview.due_date,
       COALESCE(share.vendor_id = overview.vendor_id, FALSE) AS is_own,
       overview.po_value - overview.paid AS amount
  FROM "Finances".vendor_order_overview AS overview
  JOIN "Finances".vendor_share AS share ON share.vendor_order_id = overview.id
 WHERE overview.is_live
   AND overview.due_date IS NOT NULL
   AND overview.po_value > overview.paid;
DROP VIEW IF EXISTS "Finances".vendor_order_due_source;

-- Writes down anew, of these orders, which are due and what of them is still to be paid, which vendors their lines name, and
-- with which vendor and project their links are listed.
CREATE OR REPLACE FUNCTION "Finances".keep_vendor_pages(orders bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH due AS (
        SELECT vendor_order_id, vendor_id, due_date, is_own, amount
          FROM "Finances".vendor_order_due_now
         WHERE vendor_order_id = ANY (orders)
    ),
    gone AS (
        DELETE FROM "Finances".vendor_order_due AS kept
         WHERE kept.vendor_order_id = ANY (orders)
           AND NOT EXISTS (
               SELECT
                 FROM due
                WHERE due.vendor_order_id = kept.vendor_order_id
                  AND due.vendor_id = kept.vendor_id
               )
    )
    INSERT INTO "Finances".vendor_order_due AS kept (vendor_order_id, vendor_id, due_date, is_own, amount)
    SELECT vendor_order_id, vendor_id, due_date, is_own, amount
      FROM due
     ORDER BY vendor_order_id, vendor_id
        ON CONFLICT (vendor_order_id, vendor_id) DO UPDATE
       SET due_date = EXCLUDED.due_date,
           is_own = EXCLUDED.is_own,
           amount = EXCLUDED.amount
     WHERE (kept.due_date, kept.is_own, kept.amount)
           IS DISTINCT FROM (EXCLUDED.due_date, EXCLUDED.is_own, EXCLUDED.amount);

    WITH named AS (
        SELECT vendor_order_id, vendor_id, created_at
          FROM "Finances".vendor_order_line_vendor_source
         WHERE vendor_order_id = ANY (orders)
    ),
    gone AS (
        DELETE FROM "Finances".vendor_order_line_vendor AS kept
         WHERE kept.vendor_order_id = ANY (orders)
           AND NOT EXISTS (
               SELECT
                 FROM named
                WHERE named.vendor_order_id = kept.vendor_order_id
                  AND named.vendor_id = kept.vendor_id
               )
    )
    INSERT INTO "Finances".vendor_order_line_vendor (vendor_order_id, vendor_id, created_at)
    SELECT vendor_order_id, vendor_id, created_at
      FROM named
     ORDER BY vendor_order_id, vendor_id
        ON CONFLICT (vendor_order_id, vendor_id) DO NOTHING;

    WITH named AS (
        SELECT vendor_order_id, link_id, owner, owner_id, link_type, amount_allocated, linked_at
          FROM "Finances".payment_link_owner_source
         WHERE vendor_order_id = ANY (orders)
    ),
    gone AS (
        DELETE FROM "Finances".payment_link_owner AS kept
         WHERE kept.vendor_order_id = ANY (orders)
           AND NOT EXISTS (
               SELECT
                 FROM named
                WHERE named.vendor_order_id = kept.vendor_order_id
                  AND named.link_id = kept.link_id
                  AND named.owner = kept.owner
               )
    )
    INSERT INTO "Finances".payment_link_owner AS kept
           (vendor_order_id, link_id, owner, owner_id, link_type, amount_allocated, linked_at)
    SELECT vendor_order_id, link_id, owner, owner_id, link_type, amount_allocated, linked_at
      FROM named
     ORDER BY vendor_order_id, link_id, owner
        ON CONFLICT (vendor_order_id, link_id, owner) DO UPDATE
       SET owner_id = EXCLUDED.owner_id
     WHERE kept.owner_id <> EXCLUDED.owner_id;
END
$$;

-- The recount, in a function for each side, so that one can be replaced by itself.
CREATE OR REPLACE FUNCTION "Finances".recount_client_side() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM "Finances".store_group;
    DELETE FROM "Finances".store_group_total;
    DELETE FROM "Finances".kept_total;
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
END
$$;

CREATE OR REPLACE FUNCTION "Finances".recount_vendor_side() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM "Finances".kept_vendor_total;
    DELETE FROM "Finances".vendor_order_due;
    DELETE FROM "Finances".vendor_order_line_vendor;
    DELETE FROM "Finances".payment_link_owner;
    INSERT INTO "Finances".kept_vendor_total
           (list, scope, scope_id, part, status, work_status, payment_status, slot, entries, amount, paid, lines,
            lines_amount)
    SELECT list, scope, scope_id, part, status, work_status, payment_status, 0, sum(entries), sum(amount), sum(paid),
           sum(lines), sum(lines_amount)
      FROM "Finances".kept_vendor_source
     GROUP BY 1, 2, 3, 4, 5, 6, 7
     ORDER BY 1, 2, 3, 4, 5, 6, 7;
    PERFORM "Finances".keep_vendor_pages(ARRAY (SELECT id FROM "Finances".vendor_order));
END
$$;

CREATE OR REPLACE FUNCTION "Finances".recount_kept_totals() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- In the order in which writers come to them. Those that are not done wait here with their additions, and add them
    -- afterwards; what they changed is not seen yet.
    LOCK TABLE "Finances".store_group, "Finances".store_group_total, "Finances".kept_total, "Finances".kept_vendor_total,
               "Finances".vendor_order_due, "Finances".vendor_order_line_vendor, "Finances".payment_link_owner
            IN EXCLUSIVE MODE;
    PERFORM "Finances".recount_client_side();
    PERFORM "Finances".recount_vendor_side();
END
$$;

-- Once: where this runs again the server has kept them since.
SELECT "Finances".recount_kept_totals()
 WHERE EXISTS (SELECT FROM "Finances".vendor_order_due WHERE amount IS NULL)
    OR (    EXISTS (SELECT FROM "Finances".payment_vendor_link)
        AND NOT EXISTS (SELECT FROM "Finances".payment_link_owner));
