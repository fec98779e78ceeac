-- Dates, times and figures that an old database keeps as text, and figures of six digits, read before the baseline, which knows columns of their own types
-- only. A value that reads one way is taken. A day that may be two is taken as the others of its column are written, day first or
-- month first, if those tell; else the adoption stops. What is no day becomes NULL and is reported with its text; what is no
-- figure stops the adoption: money is never dropped.

CREATE TEMP TABLE IF NOT EXISTS pg_temp.text_finding (
    position   bigint GENERATED ALWAYS AS IDENTITY,
    table_name text NOT NULL,
    row_id     text,
    rule       text NOT NULL,
    kept       jsonb NOT NULL
) ON COMMIT DROP;

CREATE TEMP TABLE IF NOT EXISTS pg_temp.text_action (
    position   bigint GENERATED ALWAYS AS IDENTITY,
    table_name text NOT NULL,
    detail     text NOT NULL,
    row_count  bigint
) ON COMMIT DROP;

-- The predecessor's tables.
CREATE OR REPLACE FUNCTION pg_temp.text_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['client', 'project', 'site', 'vendor', 'user', 'client_po', 'client_po_line_item', 'po_project_mapping',
                 'client_payment', 'vendor_order', 'vendor_order_line_item', 'vendor_payment', 'payment_vendor_link', 'billing_po',
                 'billing_po_line_item', 'quotation', 'quotation_line_item', 'project_document', 'upload_session', 'upload_file',
                 'upload_stats'];
$$;

-- Which of their columns hold dates, times and figures, by their names.
CREATE OR REPLACE FUNCTION pg_temp.text_columns() RETURNS TABLE (kind text, col text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT known.kind, unnest(known.columns)
      FROM (VALUES ('date', ARRAY['po_date', 'agreement_date', 'pi_date', 'payment_date', 'due_date', 'order_date', 'document_date']),
                   ('time', ARRAY['created_at', 'updated_at', 'reconciled_at', 'linked_at', 'upload_timestamp', 'last_activity',
                                  'last_updated', 'expires_at', 'last_login_at', 'approved_at']),
                   ('figure', ARRAY['po_value', 'stated_value', 'stated_tax', 'receivable_amount', 'subtotal', 'cgst', 'sgst', 'igst',
                                    'total_tax', 'quantity', 'qty', 'unit_price', 'rate', 'price', 'total_price', 'total', 'tax',
                                    'tax_rate', 'gst_amount', 'gross_amount', 'amount', 'tds_amount', 'final_po_value',
                                    'amount_allocated', 'billed_value', 'billed_gst', 'billed_total', 'total_gst', 'total_amount',
                                    'latitude', 'longitude'])
           ) AS known (kind, columns);
$$;

-- Day, clock and offset of a text, each as text: '15/03/2026 10:30 +05:30' gives {15/03/2026, 10:30, +05:30}.
CREATE OR REPLACE FUNCTION pg_temp.text_parts(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_match(
        btrim(value, E' \t\r\n'),
        '^(.*?)(?:[T ]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?) ?([Zz]|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?)?$');
$$;

-- How a day with its year last is written: day or month first, either of them, or with two figures for the year. What is no day
-- in any way tells nothing.
CREATE OR REPLACE FUNCTION pg_temp.text_order(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    day    text := (pg_temp.text_parts(value))[1];
    parts  text[] := regexp_match(day, '^(\d{1,2})(?: ?[-/.] ?| )(\d{1,2})(?: ?[-/.] ?| )(\d{4}|\d{2})$');
    first  integer := parts[1]::integer;
    second integer := parts[2]::integer;
BEGIN
    RETURN CASE
        WHEN day ~ '^\d{1,2}(st|nd|rd|th)?[-/., ]*[A-Za-z]{3,9}[-/., ]*\d{2}$' THEN 'short'
        WHEN parts IS NULL THEN NULL
        WHEN length(parts[3]) = 2 THEN 'short'
        WHEN first BETWEEN 13 AND 31 AND second BETWEEN 1 AND 12 THEN 'day'
        WHEN second BETWEEN 13 AND 31 AND first BETWEEN 1 AND 12 THEN 'month'
        WHEN first BETWEEN 1 AND 12 AND second BETWEEN 1 AND 12 AND first <> second THEN 'either'
    END;
END
$$;

-- The day and time of a text, without its offset; NULL for what is none.
CREATE OR REPLACE FUNCTION pg_temp.text_moment(value text, is_month_first boolean) RETURNS timestamp
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    pieces text[] := pg_temp.text_parts(value);
    clock  time;
    parts  text[];
    day    date;
BEGIN
    clock := coalesce(pieces[2], '00:00')::time;
    parts := regexp_match(pieces[1], '^(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|(\d{2})(\d{2}))$');
    IF parts IS NOT NULL THEN
        day := make_date(parts[1]::integer, coalesce(parts[2], parts[4])::integer, coalesce(parts[3], parts[5])::integer);
        RETURN day + clock;
    END IF;
    parts := regexp_match(pieces[1], '^(\d{1,2})(?: ?[-/.] ?| )(\d{1,2})(?: ?[-/.] ?| )(\d{4})$');
    IF parts IS NOT NULL THEN
        IF parts[2]::integer > 12 OR (is_month_first AND parts[1]::integer <= 12) THEN
            day := make_date(parts[3]::integer, parts[1]::integer, parts[2]::integer);
        ELSE
            day := make_date(parts[3]::integer, parts[2]::integer, parts[1]::integer);
        END IF;
        RETURN day + clock;
    END IF;
    -- 15-Mar-2026, 15th March 2026, March 15, 2026
    parts := regexp_match(pieces[1], '^(\d{1,2})(?:st|nd|rd|th)?[-/., ]*([A-Za-z]{3,9})[-/., ]*(\d{4})$');
    IF parts IS NULL THEN
        parts := regexp_match(pieces[1], '^([A-Za-z]{3,9})[-/., ]*(\d{1,2})(?:st|nd|rd|th)?[-/., ]+(\d{4})$');
        parts := ARRAY[parts[2], parts[1], parts[3]];
    END IF;
    IF parts[2] IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN format('%s-%s-%s', parts[1], parts[2], parts[3])::date + clock;
EXCEPTION
    WHEN data_exception OR datetime_field_overflow OR invalid_datetime_format THEN
        RETURN NULL;
END
$$;

-- The offset of a text: Z, +0530.
CREATE OR REPLACE FUNCTION pg_temp.text_offset(value text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT (pg_temp.text_parts(value))[3];
$$;

-- The figure of a text, with or without a sign of the rupee and commas between its groups; NULL for what is none.
CREATE OR REPLACE FUNCTION pg_temp.text_figure(value text) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN figure ~ '^[-+]?(\d+|\d{1,3}(,\d{2,3})*,\d{3})(\.\d*)?$|^[-+]?\.\d+$' THEN replace(figure, ',', '')::numeric
    END
      FROM (SELECT btrim(regexp_replace(btrim(value, E' \t\r\n'), '^(₹|Rs\.?|INR)', '', 'i')) AS figure) AS bare;
$$;

-- The zone of the old server, found as the baseline finds it: as set, else of the database, else of the cluster.
CREATE OR REPLACE FUNCTION pg_temp.text_zone() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    zone text := nullif(btrim(current_setting('nexgen.legacy_timezone', true)), '');
BEGIN
    SELECT coalesce(zone, substr(setting, strpos(setting, '=') + 1))
      INTO zone
      FROM (SELECT) AS always
      LEFT JOIN (
           pg_catalog.pg_db_role_setting AS stored
           JOIN pg_catalog.pg_database AS database
             ON database.oid = stored.setdatabase
            AND database.datname = current_database()
          CROSS JOIN unnest(stored.setconfig) AS setting
           )
        ON stored.setrole = 0
       AND lower(split_part(setting, '=', 1)) = 'timezone';
    IF zone IS NULL THEN
        BEGIN
            SELECT setting
              INTO zone
              FROM pg_catalog.pg_file_settings
             WHERE lower(name) = 'timezone' AND applied
             ORDER BY seqno DESC
             LIMIT 1;
        EXCEPTION
            WHEN insufficient_privilege THEN
                zone := NULL;
        END;
    END IF;
    RETURN coalesce(nullif(btrim(zone), ''), current_setting('log_timezone'));
END
$$;

-- Stops at the first value that is in the way.
CREATE OR REPLACE FUNCTION pg_temp.text_stop(tab text, col text, row_key text, condition text, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    fault  record;
    places bigint;
BEGIN
    EXECUTE format(
        'SELECT %s::text AS row_id, left(%I::text, 60) AS value FROM "Finances".%I WHERE %s ORDER BY 1 LIMIT 1',
        row_key, col, tab, condition)
       INTO fault;
    IF fault IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT count(*) FROM "Finances".%I WHERE %s', tab, condition) INTO places;
    RAISE EXCEPTION 'adoption stopped: "Finances".%.% is text, and % of its values %; one is row %: "%"',
        tab, col, places, why, fault.row_id, fault.value
        USING ERRCODE = 'invalid_text_representation';
END
$$;

-- Gives a column its type. What depends on it is in the way, and told.
CREATE OR REPLACE FUNCTION pg_temp.text_become(tab text, col text, old_type text, final_type text, conversion text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- A default of the old type may not convert; the final one is set later.
    EXECUTE format('ALTER TABLE "Finances".%I ALTER COLUMN %I DROP DEFAULT', tab, col);
    EXECUTE format('ALTER TABLE "Finances".%I ALTER COLUMN %I TYPE %s USING %s', tab, col, final_type, conversion);
EXCEPTION
    WHEN OTHERS THEN
        RAISE EXCEPTION 'adoption stopped: "Finances".%.% is % and cannot become %: %; drop what depends on it (a view, an index, a trigger, another column) and make it again afterwards',
            tab, col, old_type, final_type, SQLERRM
            USING ERRCODE = 'cannot_coerce';
END
$$;

DO $$
DECLARE
    target     record;
    row_key    text;
    filled     text;
    orders     text[];
    moment     text;
    unreadable bigint;
    zoned      bigint;
    unzoned    bigint;
    final_type text;
    conversion text;
BEGIN
    FOR target IN
        SELECT relation.relname AS tab,
               attribute.attname AS col,
               known.kind,
               attribute.attnotnull AS is_required,
               EXISTS (
                   SELECT
                     FROM pg_catalog.pg_attribute AS key
                    WHERE key.attrelid = relation.oid
                      AND key.attname = 'id'
                      AND NOT key.attisdropped
               ) AS has_id
          FROM pg_catalog.pg_class AS relation
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = relation.oid
           AND attribute.attnum > 0
           AND NOT attribute.attisdropped
           AND attribute.attgenerated = ''
          JOIN pg_temp.text_columns() AS known
            ON attribute.attname = known.col
         WHERE relation.relnamespace = to_regnamespace('"Finances"')
           AND relation.relkind = 'r'
           AND relation.relname = ANY (pg_temp.text_tables())
           AND attribute.atttypid IN ('text'::regtype, 'character varying'::regtype, 'character'::regtype)
         ORDER BY relation.relname, attribute.attnum
    LOOP
        row_key := CASE WHEN target.has_id THEN 'id' ELSE 'ctid' END;
        filled := format('btrim(%I::text, E'' \t\r\n'') <> ''''', target.col);
        unreadable := 0;
        IF target.kind = 'figure' THEN
            PERFORM pg_temp.text_stop(
                target.tab, target.col, row_key, format('%s AND pg_temp.text_figure(%I::text) IS NULL', filled, target.col),
                'are no figures; make them such');
            final_type := 'numeric';
            conversion := format('pg_temp.text_figure(%I::text)', target.col);
        ELSE
            EXECUTE format(
                'SELECT coalesce(array_agg(DISTINCT known.form), ''{}'')
                   FROM (SELECT pg_temp.text_order(%I::text) AS form FROM "Finances".%I) AS known
                  WHERE known.form IS NOT NULL',
                target.col, target.tab)
               INTO orders;
            IF 'short' = ANY (orders) OR ('either' = ANY (orders) AND ('day' = ANY (orders)) = ('month' = ANY (orders))) THEN
                PERFORM pg_temp.text_stop(
                    target.tab, target.col, row_key,
                    format('pg_temp.text_order(%I::text) IN (''short'', ''either'')', target.col),
                    'may be several days; write the year first');
            END IF;
            moment := format(
                'pg_temp.text_moment(%I::text, %L)', target.col, 'month' = ANY (orders) AND NOT 'day' = ANY (orders));
            EXECUTE format(
                'INSERT INTO pg_temp.text_finding (table_name, row_id, rule, kept)
                 SELECT %1$L, %2$s::text, ''date_unreadable'',
                        jsonb_build_object(''column'', %3$L::text, ''legacy_text'', %4$I::text)
                   FROM "Finances".%5$I
                  WHERE %6$s AND %7$s IS NULL
                  ORDER BY %2$s',
                target.tab, row_key, target.col, target.col, target.tab, filled, moment);
            GET DIAGNOSTICS unreadable = ROW_COUNT;
            EXECUTE format(
                'SELECT count(*) FILTER (WHERE pg_temp.text_offset(%1$I::text) IS NOT NULL),
                        count(*) FILTER (WHERE pg_temp.text_offset(%1$I::text) IS NULL)
                   FROM "Finances".%2$I
                  WHERE %3$s AND %4$s IS NOT NULL',
                target.col, target.tab, filled, moment)
               INTO zoned, unzoned;
            final_type := CASE WHEN target.kind = 'date' THEN 'date'
                               WHEN zoned > 0 THEN 'timestamp with time zone'
                               ELSE 'timestamp without time zone' END;
            -- One without an offset among those with one is in the zone of the old server, like all that have none.
            conversion := CASE
                WHEN target.kind = 'date' THEN format(
                    'CASE WHEN pg_temp.text_offset(%1$I::text) IS NULL THEN %2$s::date
                          ELSE ((%2$s::text || pg_temp.text_offset(%1$I::text))::timestamptz AT TIME ZONE %3$L)::date END',
                    target.col, moment, pg_temp.text_zone())
                WHEN zoned > 0 THEN format(
                    'CASE WHEN pg_temp.text_offset(%1$I::text) IS NULL THEN %2$s AT TIME ZONE %3$L
                          ELSE (%2$s::text || pg_temp.text_offset(%1$I::text))::timestamptz END',
                    target.col, moment, pg_temp.text_zone())
                ELSE moment
            END;
        END IF;
        IF target.is_required THEN
            EXECUTE format('ALTER TABLE "Finances".%I ALTER COLUMN %I DROP NOT NULL', target.tab, target.col);
        END IF;
        PERFORM pg_temp.text_become(
            target.tab, target.col, 'text', final_type, format('CASE WHEN %s THEN %s END', filled, conversion));
        INSERT INTO pg_temp.text_action (table_name, detail, row_count)
        VALUES (target.tab, format('%s: text to %s', target.col, final_type), unreadable);
    END LOOP;
END
$$;

-- A real is read by its digits: a cast to numeric alone would keep six of them.
DO $$
DECLARE
    target record;
BEGIN
    FOR target IN
        SELECT relation.relname AS tab, attribute.attname AS col
          FROM pg_catalog.pg_class AS relation
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = relation.oid
           AND attribute.attnum > 0
           AND NOT attribute.attisdropped
           AND attribute.attgenerated = ''
          JOIN pg_temp.text_columns() AS known
            ON attribute.attname = known.col
           AND known.kind = 'figure'
         WHERE relation.relnamespace = to_regnamespace('"Finances"')
           AND relation.relkind = 'r'
           AND relation.relname = ANY (pg_temp.text_tables())
           AND attribute.atttypid = 'real'::regtype
         ORDER BY relation.relname, attribute.attnum
    LOOP
        PERFORM pg_temp.text_become(target.tab, target.col, 'real', 'numeric', format('%I::text::numeric', target.col));
        INSERT INTO pg_temp.text_action (table_name, detail) VALUES (target.tab, target.col || ': real to numeric');
    END LOOP;
END
$$;
