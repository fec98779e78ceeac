-- What an old row lacks although every row has it: times, names, figures, words. Each is filled from what the row itself or its
-- document tells, else with what says that nothing is known, and told with its row; then the column is NOT NULL like in a new
-- database. A reference that is missing stays missing: to which document a line belongs nobody can say.
--
-- The baseline could not do it, and later migrations need it: the server runs this at once after the baseline, and here again
-- for a database that was adopted before this was known. The second run finds nothing.

DO $$
DECLARE
    target      record;
    zone        text;
    run         uuid;
    is_fresh    constant boolean := to_regclass('pg_temp.adopt_finding') IS NOT NULL;
    was_found   bigint;
    told_before bigint;
    filled      bigint := 0;
    empty       boolean;
    label       text;
BEGIN
    -- The zone of the old server, as the adoption has taken it.
    SELECT COALESCE(
               (SELECT kept ->> 'timezone' FROM "Finances".adoption_report WHERE rule = 'legacy_timezone' ORDER BY id DESC LIMIT 1),
               NULLIF(btrim(current_setting('nexgen.legacy_timezone', true)), ''),
               current_setting('TimeZone'))
      INTO zone;
    SELECT COALESCE(
               (SELECT run_id FROM "Finances".adoption_report WHERE found_at = now() ORDER BY id DESC LIMIT 1),
               gen_random_uuid())
      INTO run;

    FOR target IN
        SELECT fill.tab, fill.col, replace(fill.value, '{zone}', quote_literal(zone)) AS value, fill.rule
          FROM (VALUES
            -- Times: another of the row, a date of the row, the time of what it belongs to, else that of the adoption.
            (10, 'user', 'created_at', 'entry.updated_at', 'null_filled'),
            (11, 'user', 'created_at', 'now()', 'null_filled'),
            (12, 'user', 'updated_at', 'entry.created_at', 'null_filled'),
            (20, 'project', 'created_at', 'COALESCE(entry.updated_at, now())', 'null_filled'),
            (21, 'project', 'updated_at', 'entry.created_at', 'null_filled'),
            (30, 'site', 'created_at', 'now()', 'null_filled'),
            (40, 'vendor', 'created_at', 'COALESCE(entry.updated_at, now())', 'null_filled'),
            (41, 'vendor', 'updated_at', 'entry.created_at', 'null_filled'),
            (50, 'client_po', 'created_at',
                 'COALESCE(entry.updated_at, COALESCE(entry.po_date, entry.pi_date, entry.agreement_date)::timestamp AT TIME ZONE {zone},
                           now())', 'null_filled'),
            (51, 'client_po', 'updated_at', 'entry.created_at', 'null_filled'),
            (60, 'po_project_mapping', 'created_at',
                 'COALESCE((SELECT po.created_at FROM "Finances".client_po AS po WHERE po.id = entry.client_po_id), now())',
                 'null_filled'),
            (70, 'client_payment', 'created_at',
                 'COALESCE(entry.updated_at, entry.payment_date::timestamp AT TIME ZONE {zone}, now())', 'null_filled'),
            (71, 'client_payment', 'updated_at', 'entry.created_at', 'null_filled'),
            (80, 'vendor_order', 'created_at',
                 'COALESCE(entry.updated_at, entry.po_date::timestamp AT TIME ZONE {zone}, now())', 'null_filled'),
            (81, 'vendor_order', 'updated_at', 'entry.created_at', 'null_filled'),
            (90, 'vendor_payment', 'created_at',
                 'COALESCE(entry.updated_at, entry.payment_date::timestamp AT TIME ZONE {zone}, now())', 'null_filled'),
            (91, 'vendor_payment', 'updated_at', 'entry.created_at', 'null_filled'),
            (92, 'vendor_payment', 'payment_date', '(entry.created_at AT TIME ZONE {zone})::date', 'null_filled'),
            (100, 'payment_vendor_link', 'created_at',
                  'COALESCE(entry.linked_at,
                            (SELECT paid.created_at FROM "Finances".vendor_payment AS paid WHERE paid.id = entry.vendor_payment_id),
                            (SELECT paid.created_at FROM "Finances".client_payment AS paid WHERE paid.id = entry.payment_id), now())',
                  'null_filled'),
            (101, 'payment_vendor_link', 'linked_at', 'entry.created_at', 'null_filled'),
            (110, 'billing_po', 'created_at', 'COALESCE(entry.updated_at, entry.approved_at, now())', 'null_filled'),
            (111, 'billing_po', 'updated_at', 'entry.created_at', 'null_filled'),
            (120, 'quotation', 'created_at', 'COALESCE(entry.updated_at, now())', 'null_filled'),
            (121, 'quotation', 'updated_at', 'entry.created_at', 'null_filled'),
            (130, 'project_document', 'created_at',
                  'COALESCE(entry.document_date::timestamp AT TIME ZONE {zone}, now())', 'null_filled'),
            (140, 'upload_session', 'created_at', 'LEAST(COALESCE(entry.last_activity, now()), entry.expires_at)', 'null_filled'),
            -- It had no end: the files of one that ends now may be removed, so it ends a year from here.
            (141, 'upload_session', 'expires_at', 'now() + interval ''1 year''', 'null_filled'),
            (142, 'upload_file', 'upload_timestamp',
                  'COALESCE((SELECT session.created_at FROM "Finances".upload_session AS session
                              WHERE session.session_id = entry.session_id ORDER BY session.id LIMIT 1), now())', 'null_filled'),

            -- Figures: what others of the row give, else nothing.
            (200, 'vendor_order_line_item', 'total_price', '0', 'money_missing'),
            (201, 'vendor_order_line_item', 'unit_price', '0', 'money_missing'),
            (202, 'payment_vendor_link', 'amount_allocated', '0', 'money_missing'),
            (203, 'billing_po', 'billed_value', '0', 'money_missing'),
            (204, 'billing_po', 'billed_gst', '0', 'null_filled'),
            (205, 'billing_po', 'billed_total',
                  'CASE WHEN abs(entry.billed_value + entry.billed_gst) < 10::numeric ^ 13 THEN entry.billed_value + entry.billed_gst
                        ELSE 0 END', 'null_filled'),
            (206, 'billing_po_line_item', 'qty', '1', 'null_filled'),
            (207, 'billing_po_line_item', 'total',
                  'CASE WHEN abs(round(entry.qty * entry.rate, 2)) < 10::numeric ^ 13 THEN round(entry.qty * entry.rate, 2) END',
                  'null_filled'),
            (208, 'billing_po_line_item', 'total', '0', 'money_missing'),
            (209, 'billing_po_line_item', 'rate',
                  'CASE WHEN abs(round(entry.total / NULLIF(entry.qty, 0), 4)) < 10::numeric ^ 11
                        THEN round(entry.total / NULLIF(entry.qty, 0), 4) END', 'null_filled'),
            (210, 'billing_po_line_item', 'rate', '0', 'money_missing'),
            (211, 'upload_file', 'file_size', '0', 'null_filled'),

            -- A bill without a word is not taken for a final one: a draft counts nowhere.
            (250, 'billing_po', 'status', '''DRAFT''', 'null_filled'),
            -- Whether the stored file is packed: what else is known of the packed one tells.
            (251, 'upload_file', 'is_compressed',
                  'entry.compressed_size IS NOT NULL OR entry.compressed_hash IS NOT NULL
                   OR COALESCE(entry.storage_filename ILIKE ''%.gz'', false)', 'null_filled'),

            -- Names and numbers.
            (300, 'client', 'name',
                  '(SELECT form.name
                      FROM (SELECT ''Client '' || entry.id || COALESCE(''-'' || NULLIF(number, 0), '''') AS name, number
                              FROM generate_series(0, 999) AS number) AS form
                     WHERE NOT EXISTS (SELECT FROM "Finances".client AS other WHERE lower(other.name) = lower(form.name))
                     ORDER BY form.number LIMIT 1)', 'null_filled'),
            (301, 'project', 'name', '''Project '' || entry.id', 'null_filled'),
            (302, 'site', 'site_name', 'COALESCE(entry.store_id, ''Site '' || entry.id)', 'null_filled'),
            (303, 'vendor', 'name', '''Vendor '' || entry.id', 'null_filled'),
            (304, 'client_po_line_item', 'item_name', '''Item '' || entry.id', 'null_filled'),
            (305, 'client_payment', 'client_id',
                  '(SELECT po.client_id FROM "Finances".client_po AS po WHERE po.id = entry.client_po_id)', 'null_filled'),
            (306, 'vendor_order', 'po_number', '''VO-'' || entry.id', 'null_filled'),
            (307, 'billing_po', 'po_number',
                  'COALESCE((SELECT po.po_number FROM "Finances".client_po AS po WHERE po.id = entry.client_po_id),
                            ''Bill '' || COALESCE(entry.legacy_id::text, entry.id::text))', 'null_filled'),
            (308, 'billing_po_line_item', 'description',
                  '''Item '' || COALESCE(entry.legacy_id::text, entry.id::text)', 'null_filled'),
            (309, 'quotation', 'store_id', '''''', 'null_filled'),
            (310, 'quotation', 'store_location', '''''', 'null_filled'),
            (311, 'quotation', 'full_address', '''''', 'null_filled'),
            (312, 'quotation', 'company_name', '''''', 'null_filled'),
            (313, 'quotation', 'total_area', '''''', 'null_filled'),
            (314, 'quotation_line_item', 'name', '''Item '' || entry.id', 'null_filled'),
            (315, 'upload_session', 'session_id',
                  'CASE WHEN NOT EXISTS (SELECT FROM "Finances".upload_session AS other WHERE other.session_id = entry.id)
                        THEN entry.id ELSE gen_random_uuid()::text END', 'null_filled'),
            (316, 'upload_file', 'original_filename', 'COALESCE(entry.storage_filename, ''file-'' || entry.id)', 'null_filled'),
            (317, 'upload_file', 'storage_filename', '''''', 'null_filled'),
            (318, 'upload_file', 'storage_path', '''''', 'null_filled'),
            -- Nobody logs in by these: the name is one of ours, and no password has such a hash.
            (319, 'user', 'username',
                  '(SELECT form.name
                      FROM (SELECT ''user-'' || entry.id || COALESCE(''-'' || NULLIF(number, 0), '''') AS name, number
                              FROM generate_series(0, 999) AS number) AS form
                     WHERE NOT EXISTS (SELECT FROM "Finances"."user" AS other WHERE lower(other.username) = form.name)
                     ORDER BY form.number LIMIT 1)', 'null_filled'),
            (320, 'user', 'email',
                  '(SELECT form.name
                      FROM (SELECT ''user-'' || entry.id || COALESCE(''-'' || NULLIF(number, 0), '''') || ''@example.invalid'' AS name,
                                   number
                              FROM generate_series(0, 999) AS number) AS form
                     WHERE NOT EXISTS (SELECT FROM "Finances"."user" AS other WHERE lower(other.email) = form.name)
                     ORDER BY form.number LIMIT 1)', 'null_filled'),
            (321, 'user', 'password_hash', '''!''', 'null_filled'),

            -- What only this program writes, in a table that had the column already.
            (400, 'user', 'role', '''viewer''', 'null_filled'),
            (401, 'user', 'is_active', 'true', 'null_filled'),
            (402, 'user', 'token_version', '0', 'null_filled'),
            (403, 'client', 'bundle_by_store', 'true', 'null_filled'),
            (404, 'client', 'version', '1', 'null_filled'),
            (405, 'project', 'version', '1', 'null_filled'),
            (406, 'client_po', 'version', '1', 'null_filled'),
            (407, 'client_po_line_item', 'version', '1', 'null_filled'),
            (408, 'client_payment', 'version', '1', 'null_filled'),
            (409, 'vendor', 'version', '1', 'null_filled'),
            (410, 'vendor_order', 'version', '1', 'null_filled'),
            (411, 'vendor_order_line_item', 'version', '1', 'null_filled'),
            (412, 'vendor_payment', 'version', '1', 'null_filled'),
            (413, 'billing_po', 'version', '1', 'null_filled'),
            (414, 'quotation', 'version', '1', 'null_filled')
          ) AS fill (place, tab, col, value, rule)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = to_regclass(format('"Finances".%I', fill.tab))
           AND attribute.attname = fill.col
           AND attribute.attnum > 0
           AND NOT attribute.attisdropped
           AND NOT attribute.attnotnull
         ORDER BY fill.place
    LOOP
        SELECT COALESCE(max(id), 0) INTO told_before FROM "Finances".adoption_report;
        EXECUTE format(
            'WITH filled AS (
                 UPDATE "Finances".%1$I AS entry SET %2$I = %3$s WHERE entry.%2$I IS NULL AND (%3$s) IS NOT NULL
                 RETURNING entry.id::text AS id, to_jsonb(entry.%2$I) AS value
             )
             INSERT INTO "Finances".adoption_report (run_id, table_name, row_id, rule, kept)
             SELECT $1, %4$L, id, %5$L, jsonb_build_object(''column'', %6$L::text, ''value'', value) FROM filled ORDER BY id',
            target.tab, target.col, target.value, target.tab, target.rule, target.col)
          USING run;
        GET DIAGNOSTICS was_found = ROW_COUNT;
        filled := filled + was_found;
        IF is_fresh AND was_found > 0 THEN
            INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
            SELECT table_name, row_id, rule, kept FROM "Finances".adoption_report WHERE id > told_before ORDER BY id;
        END IF;

        EXECUTE format('SELECT EXISTS (SELECT FROM "Finances".%I WHERE %I IS NULL)', target.tab, target.col) INTO empty;
        CONTINUE WHEN empty;
        EXECUTE format('ALTER TABLE "Finances".%I ALTER COLUMN %I SET NOT NULL', target.tab, target.col);
        label := format('%s_%s_not_null', target.tab, target.col);
        -- What the baseline said of the column moments ago is not so any more.
        DELETE FROM "Finances".adoption_report
         WHERE found_at = now()
           AND table_name = target.tab
           AND (   (rule = 'null_kept' AND kept ? target.col)
                OR (rule = 'constraint_not_created' AND kept ->> 'constraint' = label));
        IF is_fresh THEN
            DELETE FROM pg_temp.adopt_finding
             WHERE table_name = target.tab
               AND (   (rule = 'null_kept' AND kept ? target.col)
                    OR (rule = 'constraint_not_created' AND kept ->> 'constraint' = label));
        END IF;
        INSERT INTO "Finances".adoption_report (run_id, table_name, rule, kept)
        SELECT run, target.tab, 'constraint_created', jsonb_build_object('constraint', label)
         WHERE EXISTS (
                   SELECT
                     FROM "Finances".adoption_report
                    WHERE rule = 'constraint_not_created' AND kept ->> 'constraint' = label);
    END LOOP;

    -- The totals of lists follow their rows, where they are kept already.
    IF filled > 0 AND to_regprocedure('"Finances".recount_kept_totals()') IS NOT NULL THEN
        PERFORM "Finances".recount_kept_totals();
    END IF;
END
$$;
