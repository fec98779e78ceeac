-- Kept totals by payment status too, and how many stores a client's POs are for, so that the lists by payment status and by
-- store cost the same however many rows there are.

ALTER TABLE "Finances".kept_total ADD COLUMN IF NOT EXISTS payment_status text NOT NULL DEFAULT '';
ALTER TABLE "Finances".kept_total DROP CONSTRAINT IF EXISTS kept_total_pkey;
ALTER TABLE "Finances".kept_total
    ADD CONSTRAINT kept_total_pkey PRIMARY KEY (list, scope, scope_id, status, payment_status, slot);

-- How many POs a client has for a store, in each status and in all of them (''). A row may be left at 0.
CREATE TABLE IF NOT EXISTS "Finances".store_group (
    client_id bigint NOT NULL,
    store_id  text   NOT NULL,
    status    text   NOT NULL,
    members   bigint NOT NULL,
    CONSTRAINT store_group_pkey PRIMARY KEY (client_id, store_id, status)
);

-- How many stores that makes for a client, how many of them have several POs, and the POs of all of them.
CREATE TABLE IF NOT EXISTS "Finances".store_group_total (
    client_id bigint   NOT NULL,
    status    text     NOT NULL,
    -- As in kept_total.
    slot      smallint NOT NULL,
    stores    bigint   NOT NULL,
    shared    bigint   NOT NULL,
    members   bigint   NOT NULL,
    CONSTRAINT store_group_total_pkey PRIMARY KEY (client_id, status, slot)
);

CREATE OR REPLACE FUNCTION "Finances".recount_kept_totals() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- In the order in which writers come to them. Those that are not done wait here with their additions, and add them
    -- afterwards; what they changed is not seen yet.
    LOCK TABLE "Finances".store_group, "Finances".store_group_total, "Finances".kept_total IN EXCLUSIVE MODE;
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

-- The payment status under which a row of a list is kept: of POs one of three, of anything else none.
CREATE OR REPLACE FUNCTION "Finances".kept_payment_status(list text, paid_entries integer, partial_entries integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
           WHEN list <> 'client_po' THEN ''
           WHEN paid_entries > 0 THEN 'paid'
           WHEN partial_entries > 0 THEN 'partial'
           ELSE 'pending'
       END;

-- Once: where this runs again the server has kept them since.
SELECT "Finances".recount_kept_totals()
 WHERE NOT EXISTS (SELECT FROM "Finances".kept_total)
    OR EXISTS (SELECT FROM "Finances".kept_total WHERE list = 'client_po' AND payment_status = '');
