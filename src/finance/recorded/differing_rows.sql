-- Rows that are not as the audit trail last recorded them: somebody else changed, removed or put them in. Compared are all columns
-- that entries tell of, but those that the server maintains without an entry or tells otherwise: a PO's value follows its lines,
-- which have entries of their own; of an order's payment status entries have what follows from its payments; of who approved a
-- bill they have the name.
WITH watched (entity, columns) AS (
    VALUES ('client', ARRAY['address', 'bundle_by_store', 'contact_person', 'created_at', 'email', 'gstin', 'name',
                            'phone']),
           ('project', ARRAY['city', 'client_id', 'country', 'created_at', 'latitude', 'location', 'longitude',
                             'name', 'state', 'status']),
           ('project_document', ARRAY['client_po_id', 'document_type', 'file_hash', 'project_id']),
           ('upload_file', ARRAY['file_hash', 'file_size', 'session_id', 'status']),
           ('user', ARRAY['email', 'is_active', 'role', 'username']),
           ('client_po', ARRAY['agreement_date', 'cgst', 'client_id', 'created_at', 'igst', 'notes', 'parent_po_id',
                               'pi_date', 'pi_number', 'po_date', 'po_number', 'po_type', 'project_id', 'sgst',
                               'site_id', 'stated_tax', 'stated_value', 'status', 'store_id', 'subtotal',
                               'vendor_id']),
           ('client_po_line_item', ARRAY['client_po_id', 'created_at', 'gross_amount', 'gst_amount', 'hsn_code',
                                         'item_name', 'quantity', 'rate', 'tax_rate', 'total_price', 'unit',
                                         'unit_price']),
           ('client_payment', ARRAY['amount', 'batch_reference', 'client_id', 'client_po_id', 'created_at',
                                    'is_tds_deducted', 'notes', 'payment_date', 'payment_mode', 'payment_stage',
                                    'received_by_account', 'reconciled_at', 'reference_number', 'status',
                                    'tds_amount', 'transaction_type']),
           ('vendor_order', ARRAY['billing_notes', 'billing_status', 'category', 'client_po_id', 'created_at',
                                  'description', 'due_date', 'final_po_value', 'po_date', 'po_number', 'po_value',
                                  'project_id', 'stated_value', 'status', 'value_basis', 'vendor_id', 'work_status']),
           ('vendor_order_line_item', ARRAY['client_line_item_id', 'created_at', 'delivery_progress', 'item_name',
                                            'order_date', 'quantity', 'status', 'total_price', 'unit_price',
                                            'vendor_id', 'vendor_order_id']),
           ('vendor_payment', ARRAY['amount', 'batch_reference', 'created_at', 'notes', 'payment_date',
                                    'payment_mode', 'project_id', 'reconciled_at', 'reference_number', 'status',
                                    'vendor_id', 'vendor_order_id']),
           ('payment_vendor_link', ARRAY['amount_allocated', 'created_at', 'link_type', 'linked_at', 'payment_id',
                                         'vendor_order_id', 'vendor_payment_id']),
           ('billing_po', ARRAY['approval_notes', 'approved_at', 'billed_gst', 'billed_total', 'billed_value',
                                'billing_notes', 'client_po_id', 'created_at', 'po_number', 'project_id',
                                'revises_id', 'status']),
           ('billing_po_line_item', ARRAY['billing_po_id', 'created_at', 'description', 'qty', 'rate', 'total']),
           ('quotation', ARRAY['company_name', 'created_at', 'full_address', 'status', 'store_id', 'store_location',
                               'subtotal', 'total_amount', 'total_area', 'total_gst']),
           ('quotation_line_item', ARRAY['created_at', 'gst_amount', 'hsn_sac_code', 'name', 'price', 'quantity',
                                         'quotation_id', 'tax', 'total', 'type_of_boq', 'units']),
           ('vendor', ARRAY['address', 'city', 'contact_person', 'country', 'created_at', 'email', 'gstin',
                            'master_type', 'name', 'payment_terms', 'phone', 'pincode', 'rate_configuration',
                            'state', 'status', 'vendor_code'])
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
           bool_or(action IN ('created', 'linked', 'signup')) AS came,
           bool_or(action IN ('deleted', 'unlinked')) AS went
      FROM entry
     GROUP BY entity, entity_id
),
-- Ids grow, so each row after the first recorded one has an entry of its coming; of bills, whose ids do not, the time tells.
-- Earlier ones were adopted.
first_recorded AS (
    SELECT entity, min(CASE WHEN entity_id ~ '^[0-9]{1,18}$' THEN entity_id::bigint END) AS id, min(at) AS at
      FROM entry
     WHERE action IN ('created', 'linked', 'signup')
     GROUP BY entity
),
standing (entity, entity_id, number, fields) AS (
    SELECT 'client', id::text, id, to_jsonb(client) FROM "Finances".client
     UNION ALL
    SELECT 'project', id::text, id, to_jsonb(project) FROM "Finances".project
     UNION ALL
    SELECT 'project_document', id::text, id, to_jsonb(project_document) FROM "Finances".project_document
     UNION ALL
    SELECT 'upload_file', id::text, NULL, to_jsonb(upload_file) FROM "Finances".upload_file
     UNION ALL
    SELECT 'user', id::text, id, to_jsonb(account) FROM "Finances"."user" AS account
     UNION ALL
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
-- The predecessor wrote local times, which may lie ahead of the hour in which its database was adopted.
adopted AS (
    SELECT $1::timestamptz + interval '14 hours' AS until
     WHERE EXISTS (
           SELECT
             FROM standing
             LEFT JOIN known USING (entity, entity_id)
             LEFT JOIN first_recorded
               ON first_recorded.entity = standing.entity
            WHERE standing.entity IN ('client_po', 'client_payment', 'vendor_order', 'vendor_payment')
              AND known.came IS NOT TRUE
              AND (first_recorded.id < standing.number) IS NOT TRUE
           )
),
differing AS (
    SELECT recorded.entity,
           recorded.entity_id,
           recorded.id,
           format('%s is %s; its last entry says %s', recorded.key, standing.fields -> recorded.key, recorded.value) AS what
      FROM recorded
      JOIN standing USING (entity, entity_id)
      JOIN known USING (entity, entity_id)
     WHERE standing.fields ? recorded.key
       AND CASE
           WHEN recorded.value #>> '{}' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$'
           THEN (standing.fields ->> recorded.key)::timestamptz IS DISTINCT FROM (recorded.value #>> '{}')::timestamptz
           ELSE (standing.fields -> recorded.key) IS DISTINCT FROM recorded.value
           END
       -- What an adopted row never had, an entry tells as it is made from the other columns.
       AND (known.came OR standing.fields -> recorded.key <> 'null')
     UNION ALL
    SELECT known.entity, known.entity_id, known.id, 'is there again, though its entry says that it went'
      FROM known
      JOIN standing USING (entity, entity_id)
     WHERE known.went
       -- The row of a file that was removed from its session stays.
       AND known.entity <> 'upload_file'
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
            OR (    standing.number IS NULL
                AND (standing.fields ->> 'created_at')::timestamptz
                    > GREATEST(first_recorded.at, (SELECT adopted.until FROM adopted))))
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
