-- NaN and infinity are of every figure's and date's type in PostgreSQL, and nothing else can reckon with them: a page with such a
-- row cannot be answered. The server writes none; these checks keep them from coming by other ways. Where a row holds one already,
-- its table's check waits for the repair (adopt --retry-constraints).

DO $$
DECLARE
    target    record;
    label     text;
    condition text;
    statement text;
    broken    bigint;
BEGIN
    FOR target IN
        SELECT tab, dates, figures
          FROM (VALUES
            (1, 'user', ARRAY['created_at', 'updated_at', 'last_login_at'], '{}'::text[]),
            (2, 'client', ARRAY['created_at'], '{}'),
            (3, 'project', ARRAY['created_at', 'updated_at'], ARRAY['latitude', 'longitude']),
            (4, 'site', ARRAY['created_at'], '{}'),
            (5, 'vendor', ARRAY['created_at', 'updated_at'], '{}'),
            (6, 'client_po', ARRAY['po_date', 'agreement_date', 'pi_date', 'created_at', 'updated_at'],
                ARRAY['po_value', 'stated_value', 'stated_tax', 'receivable_amount', 'subtotal', 'cgst', 'sgst', 'igst', 'total_tax']),
            (7, 'client_po_line_item', ARRAY['created_at'],
                ARRAY['quantity', 'unit_price', 'rate', 'total_price', 'tax_rate', 'gst_amount', 'gross_amount']),
            (8, 'po_project_mapping', ARRAY['created_at'], '{}'),
            (9, 'client_payment', ARRAY['payment_date', 'reconciled_at', 'created_at', 'updated_at'], ARRAY['amount', 'tds_amount']),
            (10, 'vendor_order', ARRAY['po_date', 'due_date', 'created_at', 'updated_at'],
                 ARRAY['po_value', 'stated_value', 'final_po_value']),
            (11, 'vendor_order_line_item', ARRAY['order_date', 'created_at', 'updated_at'],
                 ARRAY['quantity', 'unit_price', 'total_price']),
            (12, 'vendor_payment', ARRAY['payment_date', 'reconciled_at', 'created_at', 'updated_at'], ARRAY['amount']),
            (13, 'payment_vendor_link', ARRAY['linked_at', 'created_at'], ARRAY['amount_allocated']),
            (14, 'billing_po', ARRAY['approved_at', 'created_at', 'updated_at'], ARRAY['billed_value', 'billed_gst', 'billed_total']),
            (15, 'billing_po_line_item', ARRAY['created_at', 'updated_at'], ARRAY['qty', 'rate', 'total']),
            (16, 'quotation', ARRAY['created_at', 'updated_at'], ARRAY['subtotal', 'total_gst', 'total_amount']),
            (17, 'quotation_line_item', ARRAY['created_at'], ARRAY['quantity', 'price', 'tax', 'gst_amount', 'total']),
            (18, 'project_document', ARRAY['document_date', 'created_at'], '{}'),
            (19, 'upload_session', ARRAY['created_at', 'expires_at', 'last_activity'], '{}'),
            (20, 'upload_file', ARRAY['upload_timestamp'], '{}'),
            (21, 'upload_stats', ARRAY['last_activity'], '{}')
          ) AS wanted (place, tab, dates, figures)
         WHERE NOT EXISTS (
                   SELECT
                     FROM pg_catalog.pg_constraint
                    WHERE conrelid = format('"Finances".%I', wanted.tab)::regclass
                      AND conname = wanted.tab || '_values_possible')
         ORDER BY place
    LOOP
        label := target.tab || '_values_possible';
        SELECT string_agg(part, ' AND ' ORDER BY place)
          INTO condition
          FROM (
               SELECT place, format('%1$I > ''-infinity'' AND %1$I < ''200000-01-01''', col) AS part
                 FROM unnest(target.dates) WITH ORDINALITY AS listed (col, place)
                UNION ALL
               SELECT 100 + place, format('abs(%I) < 1e20', col)
                 FROM unnest(target.figures) WITH ORDINALITY AS listed (col, place)
               ) AS parts;
        statement := format('ALTER TABLE "Finances".%I ADD CONSTRAINT %I CHECK (%s)', target.tab, label, condition);
        EXECUTE format('SELECT count(*) FROM "Finances".%I WHERE NOT (%s)', target.tab, condition) INTO broken;
        IF broken = 0 THEN
            EXECUTE statement;
        ELSE
            INSERT INTO "Finances".adoption_report (run_id, table_name, rule, kept)
            SELECT gen_random_uuid(), target.tab, 'constraint_not_created',
                   jsonb_build_object('constraint', label, 'statement', statement)
             WHERE NOT EXISTS (
                       SELECT
                         FROM "Finances".adoption_report
                        WHERE rule = 'constraint_not_created' AND kept ->> 'constraint' = label);
        END IF;
    END LOOP;
END
$$;
