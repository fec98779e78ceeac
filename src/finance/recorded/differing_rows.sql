-- Rows of documents, lines and payments that are not as the audit trail last recorded them: somebody else changed, removed or
-- put them in. What the server maintains without an entry (a PO's value) is not looked at here.
WITH watched (entity, columns) AS (
    VALUES ('client_po', ARRAY['client_id', 'project_id', 'status', 'store_id', 'po_type', 'parent_po_id']),
           ('client_po_line_item', ARRAY['client_po_id', 'item_name', 'quantity', 'unit_price', 'rate', 'total_price', 'unit',
                                         'hsn_code', 'tax_rate', 'gst_amount', 'gross_amount']),
           ('client_payment', ARRAY['client_id', 'amount', 'payment_date', 'status', 'tds_amount', 'is_tds_deducted',
                                    'transaction_type', 'payment_mode', 'payment_stage', 'received_by_account',
                                    'reference_number', 'notes']),
           ('vendor_order', ARRAY['vendor_id', 'project_id', 'client_po_id', 'po_number', 'po_date', 'status', 'work_status',
                                  'due_date', 'stated_value', 'value_basis', 'description', 'category']),
           ('vendor_order_line_item', ARRAY['vendor_order_id', 'item_name', 'quantity', 'unit_price', 'total_price', 'status',
                                            'delivery_progress']),
           ('vendor_payment', ARRAY['vendor_order_id', 'amount', 'payment_date', 'status', 'payment_mode', 'reference_number',
                                    'notes']),
           ('payment_vendor_link', ARRAY['vendor_order_id', 'payment_id', 'vendor_payment_id', 'link_type', 'amount_allocated']),
           ('billing_po', ARRAY['client_po_id', 'project_id', 'po_number', 'billed_value', 'billed_gst', 'billed_total', 'status',
                                'revises_id', 'billing_notes']),
           ('billing_po_line_item', ARRAY['billing_po_id', 'description', 'qty', 'rate', 'total']),
           ('quotation', ARRAY['store_id', 'company_name', 'subtotal', 'total_gst', 'total_amount', 'status']),
           ('quotation_line_item', ARRAY['name', 'quantity', 'price', 'tax', 'gst_amount', 'total']),
           ('vendor', ARRAY['name', 'email', 'phone', 'address', 'gstin', 'payment_terms', 'status'])
),
entry AS (
    SELECT entry.id, entry.at, entry.entity, entry.entity_id, entry.action, entry.after,
           COALESCE(entry.after ->> 'client_po_id', entry.after ->> 'vendor_order_id', entry.after ->> 'billing_po_id') AS document
      FROM "Finances".audit_entry AS entry
      JOIN watched USING (entity)
     UNION ALL
    -- Lines that came with their document are recorded in its entry.
    SELECT entry.id, entry.at, entry.entity || '_line_item', line.value ->> 'id', 'created', line.value, entry.entity_id
      FROM "Finances".audit_entry AS entry
     CROSS JOIN LATERAL jsonb_array_elements(
           CASE jsonb_typeof(entry.after -> 'line_items') WHEN 'array' THEN entry.after -> 'line_items' ELSE '[]' END
           ) AS line (value)
     WHERE entry.entity IN ('client_po', 'quotation')
       AND line.value ->> 'id' IS NOT NULL
),
recorded AS (
    SELECT DISTINCT ON (entry.entity, entry.entity_id, field.key)
           entry.entity, entry.entity_id, field.key, field.value, entry.id
      FROM entry
      JOIN watched USING (entity)
     CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(entry.after) WHEN 'object' THEN entry.after ELSE '{}' END) AS field
     WHERE field.key = ANY (watched.columns)
     ORDER BY entry.entity, entry.entity_id, field.key, entry.id DESC
),
known AS (
    SELECT entity,
           entity_id,
           max(id) AS id,
           max(document) AS document,
           bool_or(action IN ('created', 'linked')) AS came,
           bool_or(action IN ('deleted', 'unlinked')) AS went
      FROM entry
     GROUP BY entity, entity_id
),
-- Ids grow, so each row after the first recorded one has an entry of its coming; of bills, whose ids do not, the time tells.
-- Earlier ones were adopted.
first_recorded AS (
    SELECT entity, min(CASE WHEN entity_id ~ '^[0-9]{1,18}$' THEN entity_id::bigint END) AS id, min(at) AS at
      FROM entry
     WHERE action IN ('created', 'linked')
     GROUP BY entity
),
standing (entity, entity_id, number, fields) AS (
    SELECT 'client_po', id::text, id, to_jsonb(client_po) FROM "Finances".client_po
     UNION ALL
    SELECT 'client_po_line_item', id::text, id, to_jsonb(client_po_line_item) FROM "Finances".client_po_line_item
     UNION ALL
    SELECT 'client_payment', id::text, id, to_jsonb(client_payment) FROM "Finances".client_payment
     UNION ALL
    SELECT 'vendor_order', id::text, id, to_jsonb(vendor_order) FROM "Finances".vendor_order
     UNION ALL
    SELECT 'vendor_order_line_item', id::text, id, to_jsonb(vendor_order_line_item) FROM "Finances".vendor_order_line_item
     UNION ALL
    SELECT 'vendor_payment', id::text, id, to_jsonb(vendor_payment) FROM "Finances".vendor_payment
     UNION ALL
    SELECT 'payment_vendor_link', id::text, id, to_jsonb(payment_vendor_link) FROM "Finances".payment_vendor_link
     UNION ALL
    SELECT 'billing_po', id::text, NULL, to_jsonb(billing_po) FROM "Finances".billing_po
     UNION ALL
    SELECT 'billing_po_line_item', id::text, NULL, to_jsonb(billing_po_line_item) FROM "Finances".billing_po_line_item
     UNION ALL
    SELECT 'quotation', id::text, id, to_jsonb(quotation) FROM "Finances".quotation
     UNION ALL
    SELECT 'quotation_line_item', id::text, id, to_jsonb(quotation_line_item) FROM "Finances".quotation_line_item
     UNION ALL
    SELECT 'vendor', id::text, id, to_jsonb(vendor) FROM "Finances".vendor
),
differing AS (
    SELECT recorded.entity,
           recorded.entity_id,
           recorded.id,
           format('%s is %s; its last entry says %s', recorded.key, standing.fields -> recorded.key, recorded.value) AS what
      FROM recorded
      JOIN standing USING (entity, entity_id)
     WHERE (standing.fields -> recorded.key) IS DISTINCT FROM recorded.value
     UNION ALL
    SELECT known.entity, known.entity_id, known.id, 'is gone, and no entry says so'
      FROM known
     WHERE known.came
       AND NOT known.went
       -- The lines of a document go with it, or are replaced together, which its own entry tells.
       AND (   known.entity NOT LIKE '%\_line\_item'
            OR (    EXISTS (
                        SELECT
                          FROM standing
                         WHERE standing.entity || '_line_item' = known.entity
                           AND standing.entity_id = known.document
                        )
                AND NOT EXISTS (
                        SELECT
                          FROM entry
                         WHERE entry.entity || '_line_item' = known.entity
                           AND entry.entity_id = known.document
                           AND entry.id > known.id
                           AND entry.after ? 'line_items'
                        )))
       AND NOT EXISTS (
           SELECT
             FROM standing
            WHERE standing.entity = known.entity
              AND standing.entity_id = known.entity_id
           )
     UNION ALL
    SELECT standing.entity, standing.entity_id, NULL, 'no entry says that it was added'
      FROM standing
      JOIN first_recorded
        ON first_recorded.entity = standing.entity
       AND (   first_recorded.id < standing.number
            OR (standing.number IS NULL AND first_recorded.at < (standing.fields ->> 'created_at')::timestamptz))
      LEFT JOIN known
        ON known.entity = standing.entity
       AND known.entity_id = standing.entity_id
     WHERE known.came IS NOT TRUE
)
SELECT differing.entity || '/' || differing.entity_id AS "row!",
       differing.what AS "what!",
       differing.id AS entry,
       (SELECT min(seal.batch)
          FROM "Finances".audit_seal AS seal
         WHERE seal.last_id >= differing.id) AS batch
  FROM differing
 ORDER BY differing.entity, length(differing.entity_id), differing.entity_id, differing.what
