-- The baseline: the whole schema "Finances", made anew on an empty database and adopted in place on one that an older backend made.
--
-- One transaction, no search_path, safe to run again: a second run finds everything as it should be and changes nothing.
-- Nothing that holds data is ever dropped. A row that breaks a rule is kept and reported in "Finances".adoption_report, and the
-- constraint it breaks waits (rule constraint_not_created, with the statement that adds it once the rows are repaired).
--
-- Parts:  1 helpers · 2 the schema as it should be · 3 detect · 4 broken triggers · 5 tables and columns · 6 types · 7 keys and sequences
--         8 fill · 9 normalise · 10 seed · 11 defaults, constraints, indexes · 12 append-only audit · 13 sequences · 14 report
--
-- Session settings: nexgen.legacy_timezone (zone of old timestamps without one), nexgen.legacy_user_role (role of adopted users).

SET CONSTRAINTS ALL IMMEDIATE;

-- ============================================================================================================================
-- 1. Helpers. All of them live in pg_temp and are gone with the session; working tables go at commit.
-- ============================================================================================================================

DO $$
DECLARE
    leftover record;
BEGIN
    IF to_regnamespace('"Finances"') IS NULL THEN
        CREATE SCHEMA "Finances";
    END IF;
    FOR leftover IN
        SELECT relname
          FROM pg_catalog.pg_class
         WHERE relnamespace = pg_my_temp_schema()
           AND relkind = 'r'
           AND (starts_with(relname, 'wanted_') OR starts_with(relname, 'adopt_'))
    LOOP
        EXECUTE format('DROP TABLE pg_temp.%I', leftover.relname);
    END LOOP;
END
$$;

-- What goes to the report.
CREATE TEMP TABLE pg_temp.adopt_finding (
    position   bigint GENERATED ALWAYS AS IDENTITY,
    table_name text NOT NULL,
    row_id     text,
    rule       text NOT NULL,
    kept       jsonb NOT NULL
) ON COMMIT DROP;

-- What was done. Not kept: whoever runs the adoption may read it before the commit.
CREATE TEMP TABLE pg_temp.adopt_action (
    position   bigint GENERATED ALWAYS AS IDENTITY,
    table_name text NOT NULL,
    action     text NOT NULL,
    detail     text NOT NULL,
    row_count  bigint
) ON COMMIT DROP;

-- Columns that this run added. A fill that must happen once only asks here.
CREATE TEMP TABLE pg_temp.adopt_added (
    table_name  text NOT NULL,
    column_name text NOT NULL
) ON COMMIT DROP;

-- Columns that hold one of a set of words.
CREATE TEMP TABLE pg_temp.adopt_word (
    table_name  text NOT NULL,
    column_name text NOT NULL,
    words       text[] NOT NULL
) ON COMMIT DROP;

CREATE OR REPLACE FUNCTION pg_temp.adopt_report(tab text, row_key text, broken_rule text, figures jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept) VALUES (tab, row_key, broken_rule, figures);
$$;

CREATE OR REPLACE FUNCTION pg_temp.adopt_log(tab text, what text, detail text, row_count bigint DEFAULT NULL) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO pg_temp.adopt_action (table_name, action, detail, row_count) VALUES (tab, what, detail, row_count);
$$;

-- A fill or normalisation that is counted, not listed row by row.
CREATE OR REPLACE FUNCTION pg_temp.adopt_count(tab text, col text, broken_rule text, row_count bigint, source text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF row_count > 0 THEN
        PERFORM pg_temp.adopt_report(
            tab, NULL, broken_rule, jsonb_build_object('column', col, 'rows', row_count, 'from', source));
        PERFORM pg_temp.adopt_log(tab, broken_rule, format('%s from %s', col, source), row_count);
    END IF;
END
$$;

-- A constraint that waits for the repair of rows.
CREATE OR REPLACE FUNCTION pg_temp.adopt_left_out(tab text, constraint_label text, statement text) RETURNS void
LANGUAGE sql AS $$
    SELECT pg_temp.adopt_report(
        tab, NULL, 'constraint_not_created', jsonb_build_object('constraint', constraint_label, 'statement', statement));
$$;

CREATE OR REPLACE FUNCTION pg_temp.adopt_table(tab text) RETURNS oid
LANGUAGE sql AS $$
    SELECT relation.oid
      FROM pg_catalog.pg_class AS relation
     WHERE relation.relnamespace = to_regnamespace('"Finances"')
       AND relation.relname = tab
       AND relation.relkind IN ('r', 'p');
$$;

CREATE OR REPLACE FUNCTION pg_temp.adopt_has(tab text, col text) RETURNS boolean
LANGUAGE sql AS $$
    SELECT EXISTS (
        SELECT 1
          FROM pg_catalog.pg_attribute
         WHERE attrelid = pg_temp.adopt_table(tab) AND attname = col AND attnum > 0 AND NOT attisdropped);
$$;

CREATE OR REPLACE FUNCTION pg_temp.adopt_type(tab text, col text) RETURNS text
LANGUAGE sql AS $$
    SELECT format_type(atttypid, atttypmod)
      FROM pg_catalog.pg_attribute
     WHERE attrelid = pg_temp.adopt_table(tab) AND attname = col AND attnum > 0 AND NOT attisdropped;
$$;

CREATE OR REPLACE FUNCTION pg_temp.adopt_was_added(tab text, col text) RETURNS boolean
LANGUAGE sql AS $$
    SELECT EXISTS (SELECT 1 FROM pg_temp.adopt_added WHERE table_name = tab AND column_name IN (col, '*'));
$$;

-- How a row of the table is named in the report.
CREATE OR REPLACE FUNCTION pg_temp.adopt_key(tab text) RETURNS text
LANGUAGE sql AS $$
    SELECT CASE WHEN pg_temp.adopt_has(tab, 'id') THEN 'id::text' ELSE 'NULL::text' END;
$$;

-- Zone of old timestamps. The session's own TimeZone says nothing about the old server (drivers set it), so the database's
-- setting is looked up first, then the server's.
CREATE OR REPLACE FUNCTION pg_temp.adopt_timezone() RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    zone text := nullif(btrim(current_setting('nexgen.legacy_timezone', true)), '');
BEGIN
    IF zone IS NULL THEN
        SELECT substr(setting, strpos(setting, '=') + 1)
          INTO zone
          FROM pg_catalog.pg_db_role_setting AS stored
          JOIN pg_catalog.pg_database AS database ON database.oid = stored.setdatabase
         CROSS JOIN unnest(stored.setconfig) AS setting
         WHERE database.datname = current_database()
           AND stored.setrole = 0
           AND lower(split_part(setting, '=', 1)) = 'timezone';
    END IF;
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
    zone := coalesce(nullif(btrim(zone), ''), current_setting('TimeZone'));
    PERFORM now() AT TIME ZONE zone;
    RETURN zone;
END
$$;

-- Old programs filled these columns themselves, in UTC; every other old timestamp came from a default, in local time.
CREATE OR REPLACE FUNCTION pg_temp.adopt_zone_of(tab text, col text) RETURNS text
LANGUAGE sql AS $$
    SELECT CASE
        WHEN (tab, col) IN (('upload_session', 'expires_at'), ('user', 'created_at')) THEN 'UTC'
        ELSE pg_temp.adopt_timezone()
    END;
$$;

-- Text as JSON; NULL when it is none. Dumps hold some values as printed dictionaries with single quotes.
CREATE OR REPLACE FUNCTION pg_temp.adopt_json(source text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    requoted text;
BEGIN
    BEGIN
        RETURN source::jsonb;
    EXCEPTION
        WHEN invalid_text_representation OR untranslatable_character THEN
            IF strpos(source, '"') > 0 THEN
                RETURN NULL;
            END IF;
    END;
    requoted := replace(source, '''', '"');
    requoted := regexp_replace(requoted, '\mTrue\M', 'true', 'g');
    requoted := regexp_replace(requoted, '\mFalse\M', 'false', 'g');
    requoted := regexp_replace(requoted, '\mNone\M', 'null', 'g');
    RETURN requoted::jsonb;
EXCEPTION
    WHEN invalid_text_representation OR untranslatable_character THEN
        RETURN NULL;
END
$$;

-- Lists figures of a column that have more decimals than the new type keeps, and stops at those that do not fit at all.
CREATE OR REPLACE FUNCTION pg_temp.adopt_check_figures(tab text, col text, digits integer, decimals integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    row_key text;
BEGIN
    EXECUTE format(
        'SELECT %1$s FROM "Finances".%2$I WHERE abs(%3$I::numeric) >= 10::numeric ^ %4$s ORDER BY 1 LIMIT 1',
        pg_temp.adopt_key(tab), tab, col, digits - decimals)
       INTO row_key;
    IF row_key IS NOT NULL THEN
        RAISE EXCEPTION 'adoption stopped: "Finances".%.% of row % is too large for numeric(%,%) or no number',
            tab, col, row_key, digits, decimals
            USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    EXECUTE format(
        'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
         SELECT %5$L, %1$s, ''money_rounded'',
                jsonb_build_object(''column'', %6$L::text, ''old'', %3$I::numeric, ''new'', round(%3$I::numeric, %4$s))
           FROM "Finances".%2$I
          WHERE %3$I::numeric <> round(%3$I::numeric, %4$s)
          ORDER BY id',
        pg_temp.adopt_key(tab), tab, col, decimals, tab, col);
END
$$;

-- Brings the columns of one table to their final types, in one rewrite.
CREATE OR REPLACE FUNCTION pg_temp.adopt_convert(tab text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    target      record;
    conversion  text;
    limits      text[];
    longest     bigint;
    clauses     text[] := '{}';
    conversions text[] := '{}';
BEGIN
    FOR target IN
        SELECT wanted.attname AS col,
               format_type(wanted.atttypid, wanted.atttypmod) AS final_type,
               format_type(present.atttypid, present.atttypmod) AS old_type,
               regexp_replace(format_type(present.atttypid, -1), '\(.*\)', '') AS old_family,
               present.atthasdef AS has_default
          FROM pg_catalog.pg_attribute AS wanted
          JOIN pg_catalog.pg_attribute AS present
            ON present.attrelid = pg_temp.adopt_table(tab)
           AND present.attname = wanted.attname
           AND present.attnum > 0
           AND NOT present.attisdropped
         WHERE wanted.attrelid = format('pg_temp.%I', 'wanted_' || tab)::regclass
           AND wanted.attnum > 0
           AND (wanted.atttypid, wanted.atttypmod) IS DISTINCT FROM (present.atttypid, present.atttypmod)
         ORDER BY wanted.attnum
    LOOP
        conversion := NULL;
        IF starts_with(target.final_type, 'numeric') THEN
            limits := regexp_match(target.final_type, '\((\d+),(\d+)\)');
            IF target.old_family IN ('numeric', 'smallint', 'integer', 'bigint', 'real', 'double precision') THEN
                PERFORM pg_temp.adopt_check_figures(tab, target.col, limits[1]::integer, limits[2]::integer);
                conversion := format('round(%I::numeric, %s)', target.col, limits[2]);
            END IF;
        ELSIF starts_with(target.final_type, 'character varying(') THEN
            limits := regexp_match(target.final_type, '\((\d+)\)');
            EXECUTE format('SELECT max(length(%I::text)) FROM "Finances".%I', target.col, tab) INTO longest;
            IF longest > limits[1]::integer THEN
                EXECUTE format(
                    'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
                     SELECT %4$L, %1$s, ''too_long'',
                            jsonb_build_object(''column'', %5$L::text, ''length'', length(%3$I::text), ''limit'', %6$s)
                       FROM "Finances".%2$I
                      WHERE length(%3$I::text) > %6$s
                      ORDER BY id',
                    pg_temp.adopt_key(tab), tab, target.col, tab, target.col, limits[1]);
                CONTINUE;
            END IF;
            conversion := format('%I::text', target.col);
        ELSIF target.final_type = 'text' THEN
            conversion := format('%I::text', target.col);
        ELSIF target.final_type = 'timestamp with time zone' THEN
            IF target.old_family IN ('timestamp without time zone', 'date') THEN
                conversion := format(
                    '%I::timestamp without time zone AT TIME ZONE %L',
                    target.col, pg_temp.adopt_zone_of(tab, target.col));
            END IF;
        ELSIF target.final_type = 'date' THEN
            IF target.old_family = 'timestamp without time zone' THEN
                conversion := format('%I::date', target.col);
            ELSIF target.old_family = 'timestamp with time zone' THEN
                conversion := format('(%I AT TIME ZONE %L)::date', target.col, pg_temp.adopt_timezone());
            END IF;
        ELSIF target.final_type IN ('bigint', 'integer') THEN
            IF target.old_family = 'bigint' THEN
                CONTINUE; -- wider than needed: stays
            ELSIF target.old_family IN ('smallint', 'integer') THEN
                conversion := format('%I::%s', target.col, target.final_type);
            ELSIF (tab, target.col) = ('project_document', 'uploaded_by') THEN
                -- Names have been copied to uploaded_by_name before.
                conversion := format(
                    'CASE WHEN btrim(%1$I::text) ~ ''^[0-9]{1,9}$'' THEN btrim(%1$I::text)::integer END', target.col);
            END IF;
        ELSIF target.final_type = 'jsonb' THEN
            EXECUTE format(
                'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
                 SELECT %4$L, %1$s, ''json_unreadable'', jsonb_build_object(''column'', %5$L::text)
                   FROM "Finances".%2$I
                  WHERE btrim(%3$I::text) <> '''' AND pg_temp.adopt_json(%3$I::text) IS NULL
                  ORDER BY id',
                pg_temp.adopt_key(tab), tab, target.col, tab, target.col);
            conversion := format(
                'CASE WHEN btrim(%1$I::text) <> '''' THEN
                      coalesce(pg_temp.adopt_json(%1$I::text), jsonb_build_object(''legacy_text'', %1$I::text)) END',
                target.col);
        ELSIF target.final_type = 'uuid' AND target.old_family IN ('character varying', 'text', 'character') THEN
            conversion := format('%I::uuid', target.col);
        END IF;

        IF conversion IS NULL THEN
            RAISE EXCEPTION 'adoption stopped: "Finances".%.% is %, which cannot become %',
                tab, target.col, target.old_type, target.final_type
                USING ERRCODE = 'cannot_coerce';
        END IF;
        -- A default of the old type may not convert; the final one is set later. Numbers of ids keep theirs.
        IF target.has_default AND target.final_type NOT IN ('bigint', 'integer') THEN
            clauses := clauses || format('ALTER COLUMN %I DROP DEFAULT', target.col);
        END IF;
        conversions := conversions
            || format('ALTER COLUMN %I TYPE %s USING %s', target.col, target.final_type, conversion);
        PERFORM pg_temp.adopt_log(
            tab, 'type', format('%s: %s to %s', target.col, target.old_type, target.final_type));
    END LOOP;
    IF cardinality(clauses) > 0 THEN
        EXECUTE format('ALTER TABLE "Finances".%I %s', tab, array_to_string(clauses, ', '));
    END IF;
    IF cardinality(conversions) > 0 THEN
        EXECUTE format('ALTER TABLE "Finances".%I %s', tab, array_to_string(conversions, ', '));
    END IF;
END
$$;

-- Empty text in a key that may be absent becomes NULL.
CREATE OR REPLACE FUNCTION pg_temp.adopt_blank(tab text, col text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    changed bigint;
BEGIN
    EXECUTE format('UPDATE "Finances".%1$I SET %2$I = NULL WHERE btrim(%2$I) = ''''', tab, col);
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM pg_temp.adopt_count(tab, col, 'normalised', changed, 'empty text, to NULL');
END
$$;

-- NULL becomes a value, counted.
CREATE OR REPLACE FUNCTION pg_temp.adopt_fill(tab text, col text, source text, condition text DEFAULT 'true') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    changed bigint;
BEGIN
    EXECUTE format(
        'UPDATE "Finances".%1$I SET %2$I = %3$s WHERE %2$I IS NULL AND (%3$s) IS NOT NULL AND (%4$s)',
        tab, col, source, condition);
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF NOT pg_temp.adopt_was_added(tab, col) THEN
        PERFORM pg_temp.adopt_count(tab, col, 'null_filled', changed, source);
    END IF;
END
$$;

-- NULL becomes a value, each row listed.
CREATE OR REPLACE FUNCTION pg_temp.adopt_fill_listed(tab text, col text, source text, broken_rule text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'WITH filled AS (
             UPDATE "Finances".%1$I SET %2$I = %3$s WHERE %2$I IS NULL AND (%3$s) IS NOT NULL
             RETURNING id, %2$I AS value
         )
         INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
         SELECT %4$L, id::text, %5$L, jsonb_build_object(''column'', %6$L::text, ''value'', value) FROM filled ORDER BY id',
        tab, col, source, tab, broken_rule, col);
END
$$;

-- Rows of which one column matches a condition are listed, with the figures named.
CREATE OR REPLACE FUNCTION pg_temp.adopt_list(tab text, broken_rule text, condition text, VARIADIC figures text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
         SELECT %1$L, %2$s, %3$L, jsonb_build_object(%4$s) FROM "Finances".%5$I WHERE %6$s ORDER BY %7$s',
        tab, pg_temp.adopt_key(tab), broken_rule,
        (SELECT string_agg(format('%L, %I', figure, figure), ', ') FROM unnest(figures) AS figure),
        tab, condition, CASE WHEN pg_temp.adopt_has(tab, 'id') THEN 'id' ELSE '1' END);
END
$$;

-- Status words: NULL to the default, case and synonyms to the final word, anything else kept and listed.
CREATE OR REPLACE FUNCTION pg_temp.adopt_words(
    tab text, col text, fallback text, words text[], synonyms jsonb DEFAULT '{}', spelling text DEFAULT 'lower'
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    spelled text;
    changed bigint;
BEGIN
    spelled := CASE spelling
        WHEN 'upper' THEN format('upper(btrim(%I))', col)
        WHEN 'snake' THEN format('regexp_replace(lower(btrim(%I)), ''[\s-]+'', ''_'', ''g'')', col)
        ELSE format('lower(btrim(%I))', col)
    END;
    spelled := format('coalesce(%L::jsonb ->> %s, %s)', synonyms, spelled, spelled);
    IF fallback IS NOT NULL THEN
        PERFORM pg_temp.adopt_fill(tab, col, quote_literal(fallback));
    END IF;
    EXECUTE format(
        'UPDATE "Finances".%1$I SET %2$I = %3$s WHERE %3$s = ANY (%4$L::text[]) AND %2$I <> %3$s',
        tab, col, spelled, words);
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM pg_temp.adopt_count(tab, col, 'normalised', changed, 'spelling and synonyms');
    PERFORM pg_temp.adopt_list(tab, 'unknown_status', format('%I <> ALL (%L::text[])', col, words), col);
    INSERT INTO pg_temp.adopt_word (table_name, column_name, words) VALUES (tab, col, words);
END
$$;

-- Malformed GST numbers are listed: 2 digits, 5 letters, 4 digits, a letter, one of 1-9 A-Z, Z, a letter or digit.
CREATE OR REPLACE FUNCTION pg_temp.adopt_gstin(tab text, col text) RETURNS void
LANGUAGE sql AS $$
    SELECT pg_temp.adopt_list(
        tab, 'invalid_gstin',
        format('upper(btrim(%I)) !~ ''^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]$''', col), col);
$$;

-- The id's sequence: found, or made; owned, of the column's type, under its usual name.
CREATE OR REPLACE FUNCTION pg_temp.adopt_sequence(tab text, col text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    usual_name text := format('%s_%s_seq', tab, col);
    col_type   text := pg_temp.adopt_type(tab, col);
    is_owned   boolean;
    is_default boolean := true;
    sequence   record;
BEGIN
    PERFORM 1
       FROM pg_catalog.pg_attribute
      WHERE attrelid = pg_temp.adopt_table(tab) AND attname = col AND attidentity <> '';
    IF FOUND THEN
        RETURN;
    END IF;
    -- The sequence that the default reads, else one that has the usual name.
    SELECT relation.oid, relation.relname, relation.relnamespace
      INTO sequence
      FROM pg_catalog.pg_attribute AS attribute
      JOIN pg_catalog.pg_attrdef AS fallback ON fallback.adrelid = attribute.attrelid AND fallback.adnum = attribute.attnum
      JOIN pg_catalog.pg_depend AS dependency
        ON dependency.classid = 'pg_catalog.pg_attrdef'::regclass
       AND dependency.objid = fallback.oid
       AND dependency.refclassid = 'pg_catalog.pg_class'::regclass
      JOIN pg_catalog.pg_class AS relation ON relation.oid = dependency.refobjid AND relation.relkind = 'S'
     WHERE attribute.attrelid = pg_temp.adopt_table(tab) AND attribute.attname = col;
    IF NOT FOUND THEN
        is_default := false;
        SELECT oid, relname, relnamespace
          INTO sequence
          FROM pg_catalog.pg_class
         WHERE relkind = 'S' AND relnamespace = to_regnamespace('"Finances"') AND relname = usual_name;
    END IF;
    IF sequence.oid IS NULL THEN
        EXECUTE format('CREATE SEQUENCE "Finances".%I AS %s', usual_name, col_type);
        SELECT oid, relname, relnamespace
          INTO sequence
          FROM pg_catalog.pg_class
         WHERE relkind = 'S' AND relnamespace = to_regnamespace('"Finances"') AND relname = usual_name;
        PERFORM pg_temp.adopt_log(tab, 'sequence', usual_name);
    END IF;
    IF NOT is_default THEN
        EXECUTE format(
            'ALTER TABLE "Finances".%I ALTER COLUMN %I SET DEFAULT nextval(%L::regclass)', tab, col, sequence.oid::regclass);
    END IF;
    IF sequence.relnamespace <> to_regnamespace('"Finances"') THEN
        RETURN;
    END IF;
    SELECT EXISTS (
        SELECT 1
          FROM pg_catalog.pg_depend
         WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = sequence.oid
           AND refobjid = pg_temp.adopt_table(tab) AND deptype = 'a')
      INTO is_owned;
    IF NOT is_owned THEN
        EXECUTE format('ALTER SEQUENCE %s OWNED BY "Finances".%I.%I', sequence.oid::regclass, tab, col);
    END IF;
    PERFORM 1
       FROM pg_catalog.pg_sequence
      WHERE seqrelid = sequence.oid AND seqtypid <> col_type::regtype;
    IF FOUND THEN
        EXECUTE format('ALTER SEQUENCE %s AS %s', sequence.oid::regclass, col_type);
    END IF;
    IF sequence.relname <> usual_name AND to_regclass(format('"Finances".%I', usual_name)) IS NULL THEN
        EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', sequence.oid::regclass, usual_name);
    END IF;
END
$$;

-- The next id is above every id in use; a sequence that is ahead stays there.
CREATE OR REPLACE FUNCTION pg_temp.adopt_advance(tab text, col text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    sequence text := pg_get_serial_sequence(format('"Finances".%I', tab), col);
    highest  bigint;
    behind   boolean;
BEGIN
    IF sequence IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT max(%I) FROM "Finances".%I', col, tab) INTO highest;
    EXECUTE format('SELECT $1 > last_value OR ($1 = last_value AND NOT is_called) FROM %s', sequence)
       INTO behind
      USING highest;
    IF behind THEN
        PERFORM setval(sequence::regclass, highest);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION pg_temp.adopt_columns_of(relation oid, keys smallint[]) RETURNS text[]
LANGUAGE sql AS $$
    SELECT array_agg(attname::text ORDER BY attname)
      FROM pg_catalog.pg_attribute
     WHERE attrelid = relation AND attnum = ANY (keys);
$$;

-- A unique index over exactly these columns, without condition or expression, that backs no constraint yet.
CREATE OR REPLACE FUNCTION pg_temp.adopt_plain_unique_index(tab text, cols text[]) RETURNS text
LANGUAGE sql AS $$
    SELECT entry.relname::text
      FROM pg_catalog.pg_index AS index
      JOIN pg_catalog.pg_class AS entry ON entry.oid = index.indexrelid
     WHERE index.indrelid = pg_temp.adopt_table(tab)
       AND index.indisunique
       AND index.indisvalid
       AND index.indpred IS NULL
       AND index.indexprs IS NULL
       AND index.indnatts = cardinality(cols)
       AND pg_temp.adopt_columns_of(index.indrelid, index.indkey::smallint[])
           = (SELECT array_agg(col ORDER BY col) FROM unnest(cols) AS col)
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint WHERE conindid = index.indexrelid AND contype IN ('p', 'u'))
     ORDER BY entry.relname
     LIMIT 1;
$$;

-- Primary key or unique constraint, made, taken over from an index, or renamed.
CREATE OR REPLACE FUNCTION pg_temp.adopt_unique(tab text, kind text, key_name text, VARIADIC cols text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    existing   text;
    column_sql text := (SELECT string_agg(quote_ident(col), ', ' ORDER BY place) FROM unnest(cols) WITH ORDINALITY AS listed (col, place));
    type_sql   text := CASE kind WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END;
    doubles    bigint;
BEGIN
    SELECT conname
      INTO existing
      FROM pg_catalog.pg_constraint
     WHERE conrelid = pg_temp.adopt_table(tab)
       AND contype::text = kind
       AND pg_temp.adopt_columns_of(conrelid, conkey) = (SELECT array_agg(col ORDER BY col) FROM unnest(cols) AS col)
     ORDER BY conname = key_name DESC, conname
     LIMIT 1;
    IF existing IS NOT NULL THEN
        IF existing <> key_name AND to_regclass(format('"Finances".%I', key_name)) IS NULL THEN
            EXECUTE format('ALTER TABLE "Finances".%I RENAME CONSTRAINT %I TO %I', tab, existing, key_name);
        END IF;
        RETURN;
    END IF;
    EXECUTE format(
        'SELECT count(*) FROM (SELECT 1 FROM "Finances".%I WHERE num_nulls(%s) = 0 GROUP BY %s HAVING count(*) > 1) AS doubled',
        tab, column_sql, column_sql)
       INTO doubles;
    IF kind = 'p' THEN
        IF doubles > 0 THEN
            RAISE EXCEPTION 'adoption stopped: table "Finances".% has duplicate ids', tab USING ERRCODE = 'unique_violation';
        END IF;
        EXECUTE format('SELECT count(*) FROM "Finances".%I WHERE num_nulls(%s) > 0', tab, column_sql) INTO doubles;
        IF doubles > 0 THEN
            RAISE EXCEPTION 'adoption stopped: table "Finances".% has rows without an id', tab
                USING ERRCODE = 'not_null_violation';
        END IF;
    ELSIF doubles > 0 THEN
        EXECUTE format(
            'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
             SELECT %1$L, %2$s, ''duplicate_key'', jsonb_build_object(%3$s)
               FROM "Finances".%4$I
              WHERE (%5$s) IN (SELECT %5$s FROM "Finances".%4$I GROUP BY %5$s HAVING count(*) > 1)
              ORDER BY id',
            tab, pg_temp.adopt_key(tab), (SELECT string_agg(format('%L, %I', col, col), ', ') FROM unnest(cols) AS col),
            tab, column_sql);
        PERFORM pg_temp.adopt_left_out(
            tab, key_name, format('ALTER TABLE "Finances".%I ADD CONSTRAINT %I UNIQUE (%s)', tab, key_name, column_sql));
        RETURN;
    END IF;
    existing := pg_temp.adopt_plain_unique_index(tab, cols);
    IF existing IS NOT NULL THEN
        EXECUTE format('ALTER TABLE "Finances".%I ADD CONSTRAINT %I %s USING INDEX %I', tab, key_name, type_sql, existing);
    ELSE
        EXECUTE format('ALTER TABLE "Finances".%I ADD CONSTRAINT %I %s (%s)', tab, key_name, type_sql, column_sql);
    END IF;
    PERFORM pg_temp.adopt_log(tab, 'constraint', key_name);
END
$$;

-- Unique over an expression, or over some of the rows.
CREATE OR REPLACE FUNCTION pg_temp.adopt_unique_index(
    tab text, index_name text, expression text, condition text DEFAULT 'true', broken_rule text DEFAULT 'duplicate_key'
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    doubles   bigint;
    statement text;
BEGIN
    IF to_regclass(format('"Finances".%I', index_name)) IS NOT NULL THEN
        RETURN;
    END IF;
    statement := format('CREATE UNIQUE INDEX %I ON "Finances".%I (%s)', index_name, tab, expression)
        || CASE condition WHEN 'true' THEN '' ELSE format(' WHERE %s', condition) END;
    EXECUTE format(
        'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
         SELECT %1$L, id::text, %2$L, jsonb_build_object(''key'', (%3$s)::text)
           FROM "Finances".%4$I
          WHERE %5$s
            AND (%3$s) IN (SELECT %3$s FROM "Finances".%4$I WHERE %5$s GROUP BY 1 HAVING count(*) > 1)
          ORDER BY id',
        tab, broken_rule, expression, tab, condition);
    GET DIAGNOSTICS doubles = ROW_COUNT;
    IF doubles > 0 THEN
        PERFORM pg_temp.adopt_left_out(tab, index_name, statement);
        RETURN;
    END IF;
    EXECUTE statement;
    PERFORM pg_temp.adopt_log(tab, 'index', index_name);
END
$$;

-- Foreign key to the parent's id. One with another delete rule is replaced, one with another name renamed; rows without a parent
-- are listed and hold it back.
CREATE OR REPLACE FUNCTION pg_temp.adopt_foreign_key(
    tab text, col text, parent text, on_delete text, broken_rule text DEFAULT 'orphan_fk', parent_col text DEFAULT 'id'
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    key_name  text := format('%s_%s_fkey', tab, col);
    kept_name text;
    other     record;
    orphans   bigint;
    statement text := format(
        'ALTER TABLE "Finances".%I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES "Finances".%I (%I) ON DELETE %s',
        tab, key_name, col, parent, parent_col, on_delete);
BEGIN
    FOR other IN
        SELECT conname,
               convalidated AND NOT condeferrable AND confupdtype = 'a'
               AND confdeltype = CASE on_delete WHEN 'CASCADE' THEN 'c' WHEN 'SET NULL' THEN 'n' ELSE 'r' END AS fits
          FROM pg_catalog.pg_constraint
         WHERE conrelid = pg_temp.adopt_table(tab)
           AND contype = 'f'
           AND confrelid = pg_temp.adopt_table(parent)
           AND pg_temp.adopt_columns_of(conrelid, conkey) = ARRAY[col]
         ORDER BY conname = key_name DESC, conname
    LOOP
        IF other.fits AND kept_name IS NULL THEN
            kept_name := other.conname;
        ELSE
            EXECUTE format('ALTER TABLE "Finances".%I DROP CONSTRAINT %I', tab, other.conname);
            PERFORM pg_temp.adopt_log(tab, 'constraint replaced', other.conname);
        END IF;
    END LOOP;
    IF kept_name = key_name THEN
        RETURN;
    ELSIF kept_name IS NOT NULL THEN
        EXECUTE format('ALTER TABLE "Finances".%I RENAME CONSTRAINT %I TO %I', tab, kept_name, key_name);
        RETURN;
    END IF;
    EXECUTE format(
        'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
         SELECT %1$L, child.id::text, %2$L,
                jsonb_build_object(''column'', %3$L::text, ''value'', child.%4$I, ''parent'', %5$L::text)
           FROM "Finances".%6$I AS child
          WHERE child.%4$I IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM "Finances".%7$I AS parent WHERE parent.%8$I = child.%4$I)
          ORDER BY child.id',
        tab, broken_rule, col, col, parent, tab, parent, parent_col);
    GET DIAGNOSTICS orphans = ROW_COUNT;
    IF orphans > 0 OR NOT EXISTS (
        SELECT 1
          FROM pg_catalog.pg_constraint
         WHERE conrelid = pg_temp.adopt_table(parent) AND contype IN ('p', 'u')
           AND pg_temp.adopt_columns_of(conrelid, conkey) = ARRAY[parent_col])
    THEN
        PERFORM pg_temp.adopt_left_out(tab, key_name, statement);
        RETURN;
    END IF;
    EXECUTE statement;
    PERFORM pg_temp.adopt_log(tab, 'constraint', key_name);
END
$$;

-- A check, unless rows break it. `figures` are listed for each such row; none when they have been listed before.
CREATE OR REPLACE FUNCTION pg_temp.adopt_check(
    tab text, check_name text, expression text, VARIADIC figures text[] DEFAULT '{}'
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    broken    bigint;
    statement text := format('ALTER TABLE "Finances".%I ADD CONSTRAINT %I CHECK (%s)', tab, check_name, expression);
BEGIN
    PERFORM 1
       FROM pg_catalog.pg_constraint
      WHERE conrelid = pg_temp.adopt_table(tab) AND conname = check_name;
    IF FOUND THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT count(*) FROM "Finances".%I WHERE NOT (%s)', tab, expression) INTO broken;
    IF broken > 0 THEN
        IF cardinality(figures) > 0 THEN
            PERFORM pg_temp.adopt_list(tab, 'check_broken', format('NOT (%s)', expression), VARIADIC figures);
        END IF;
        PERFORM pg_temp.adopt_left_out(tab, check_name, statement);
        RETURN;
    END IF;
    EXECUTE statement;
    PERFORM pg_temp.adopt_log(tab, 'constraint', check_name);
END
$$;

-- An index; one that an older program made over the same columns is renamed instead of doubled.
CREATE OR REPLACE FUNCTION pg_temp.adopt_index(tab text, index_name text, definition text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    twin text;
BEGIN
    IF to_regclass(format('"Finances".%I', index_name)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE INDEX %I ON "Finances".%I %s', index_name, tab, definition);
    SELECT entry.relname
      INTO twin
      FROM pg_catalog.pg_index AS fresh
      JOIN pg_catalog.pg_index AS old ON old.indrelid = fresh.indrelid AND old.indexrelid <> fresh.indexrelid
      JOIN pg_catalog.pg_class AS entry ON entry.oid = old.indexrelid
     WHERE fresh.indexrelid = format('"Finances".%I', index_name)::regclass
       AND old.indisvalid
       AND NOT old.indisunique
       AND substring(pg_get_indexdef(old.indexrelid) FROM ' ON .*') = substring(pg_get_indexdef(fresh.indexrelid) FROM ' ON .*')
     ORDER BY entry.relname
     LIMIT 1;
    IF twin IS NOT NULL THEN
        EXECUTE format('DROP INDEX "Finances".%I', index_name);
        EXECUTE format('ALTER INDEX "Finances".%I RENAME TO %I', twin, index_name);
    END IF;
    PERFORM pg_temp.adopt_log(tab, 'index', index_name);
END
$$;

