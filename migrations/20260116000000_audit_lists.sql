-- What pages of the audit trail and histories of documents are read from, so that they cost the same however long the trail is.

-- By time, the newest first; it serves everything that the index on the time alone did.
CREATE INDEX IF NOT EXISTS audit_entry_at_id_idx ON "Finances".audit_entry (at, id);
DROP INDEX IF EXISTS "Finances".audit_entry_at_idx;

-- Of one table, the newest first; the index with the rows' ids is not in that order.
CREATE INDEX IF NOT EXISTS audit_entry_entity_idx ON "Finances".audit_entry (entity, id);

-- The entries of a document's parts, by the document that they name.
CREATE INDEX IF NOT EXISTS audit_entry_of_client_po_idx
    ON "Finances".audit_entry ((COALESCE(after ->> 'client_po_id', before ->> 'client_po_id')), id)
 WHERE entity IN ('client_po_line_item', 'project_document');
CREATE INDEX IF NOT EXISTS audit_entry_of_vendor_order_idx
    ON "Finances".audit_entry ((COALESCE(after ->> 'vendor_order_id', before ->> 'vendor_order_id')), id)
 WHERE entity IN ('vendor_order_line_item', 'payment_vendor_link');
CREATE INDEX IF NOT EXISTS audit_entry_of_vendor_payment_idx
    ON "Finances".audit_entry ((COALESCE(after ->> 'vendor_payment_id', before ->> 'vendor_payment_id')), id)
 WHERE entity = 'payment_vendor_link';
CREATE INDEX IF NOT EXISTS audit_entry_of_billing_po_idx
    ON "Finances".audit_entry ((COALESCE(after ->> 'billing_po_id', before ->> 'billing_po_id')), id)
 WHERE entity = 'billing_po_line_item';

-- How many of the sealed entries there are, of all ('all', ''), by one word of theirs ('entity', 'vendor') and by their day in UTC
-- ('day', '2026-02-10'). The sealer adds each batch in the transaction that seals it; the entries after the last batch are few
-- and counted by themselves.
CREATE TABLE IF NOT EXISTS "Finances".audit_total (
    scope   text   NOT NULL,
    word    text   NOT NULL,
    entries bigint NOT NULL,
    CONSTRAINT audit_total_pkey PRIMARY KEY (scope, word)
);
