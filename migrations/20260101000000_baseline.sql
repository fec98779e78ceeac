-- The baseline: the whole schema "Finances", made anew on an empty database and adopted in place on one that an older backend made.
--
-- One transaction, no search_path, safe to run again: a second run finds everything as it should be and changes nothing.
-- Nothing that holds data is ever dropped. A row that breaks a rule is kept and reported in "Finances".adoption_report, and the
-- constraint it breaks waits (rule constraint_not_created, with the statement that adds it once the rows are repaired).
--
-- Parts:  1 helpers · 2 the schema as it should be · 3 detect · 4 obsolete triggers and keys · 5 tables and columns · 6 types
--         7 defaults, primary keys, sequences · 8 fill · 9 normalise · 10 seed · 11 NOT NULL, constraints, indexes
--         12 append-only audit · 13 sequences · 14 report
--
-- Session settings: nexgen.legacy_timezone (zone of old timestamps without one), nexgen.legacy_user_role (role of adopted users).

SET CONSTRAINTS ALL IMMEDIATE;
-- Tables are read, sorted and hashed whole here, once. What the planner knows of them dates from before the rows were rewritten, and
-- a nested loop that it then takes for small never ends.
SET LOCAL work_mem = '64MB';
SET LOCAL maintenance_work_mem = '256MB';
SET LOCAL enable_nestloop = off;

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
-- setting is looked up first, then the server's. Only a superuser may read the server's; log_timezone, which is set with it when
-- a cluster is made and which no session changes, is the next best witness.
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
    zone := coalesce(nullif(btrim(zone), ''), current_setting('log_timezone'));
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
        'SELECT %1$s FROM "Finances".%2$I WHERE abs(round(%3$I::numeric, %5$s)) >= 10::numeric ^ %4$s ORDER BY 1 LIMIT 1',
        pg_temp.adopt_key(tab), tab, col, digits - decimals, decimals)
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

-- Lists figures other than money that are too large for the new type; whether there are any.
CREATE OR REPLACE FUNCTION pg_temp.adopt_too_large(tab text, col text, digits integer, decimals integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    too_large bigint;
BEGIN
    EXECUTE format(
        'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
         SELECT %5$L, %1$s, ''too_long'', jsonb_build_object(''column'', %6$L::text, ''value'', %3$I)
           FROM "Finances".%2$I
          WHERE abs(round(%3$I::numeric, %7$s)) >= 10::numeric ^ %4$s AND %3$I::numeric < ''Infinity''
          ORDER BY id',
        pg_temp.adopt_key(tab), tab, col, digits - decimals, tab, col, decimals);
    GET DIAGNOSTICS too_large = ROW_COUNT;
    RETURN too_large > 0;
END
$$;

-- Stops at a view over columns whose type changes: PostgreSQL refuses the change, but does not say whose view it is.
CREATE OR REPLACE FUNCTION pg_temp.adopt_check_views(tab text, cols text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    blocking text;
BEGIN
    SELECT min(rule.ev_class::regclass::text)
      INTO blocking
      FROM pg_catalog.pg_depend AS dependency
      JOIN pg_catalog.pg_rewrite AS rule ON rule.oid = dependency.objid
      JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = dependency.refobjid AND attribute.attnum = dependency.refobjsubid
     WHERE dependency.classid = 'pg_catalog.pg_rewrite'::regclass
       AND dependency.refobjid = pg_temp.adopt_table(tab)
       AND attribute.attname = ANY (cols);
    IF blocking IS NOT NULL THEN
        RAISE EXCEPTION 'adoption stopped: the view % reads "Finances".%, whose column types change; drop it and make it again afterwards',
            blocking, tab
            USING ERRCODE = 'dependent_objects_still_exist';
    END IF;
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
    converted   text[] := '{}';
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
                IF target.final_type <> 'numeric(15,2)'
                   AND pg_temp.adopt_too_large(tab, target.col, limits[1]::integer, limits[2]::integer)
                THEN
                    CONTINUE; -- no money: stays wider
                END IF;
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
        converted := converted || target.col;
        PERFORM pg_temp.adopt_log(
            tab, 'type', format('%s: %s to %s', target.col, target.old_type, target.final_type));
    END LOOP;
    IF cardinality(conversions) > 0 THEN
        PERFORM pg_temp.adopt_check_views(tab, converted);
    END IF;
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
CREATE OR REPLACE FUNCTION pg_temp.adopt_fill(
    tab text, col text, source text, condition text DEFAULT 'true', label text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    changed bigint;
BEGIN
    EXECUTE format(
        'UPDATE "Finances".%1$I SET %2$I = %3$s WHERE %2$I IS NULL AND (%3$s) IS NOT NULL AND (%4$s)',
        tab, col, source, condition);
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF NOT pg_temp.adopt_was_added(tab, col) THEN
        PERFORM pg_temp.adopt_count(tab, col, 'null_filled', changed, coalesce(label, source));
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
    SELECT relation.oid, relation.relname
      INTO sequence
      FROM pg_catalog.pg_attribute AS attribute
      JOIN pg_catalog.pg_attrdef AS fallback ON fallback.adrelid = attribute.attrelid AND fallback.adnum = attribute.attnum
      JOIN pg_catalog.pg_depend AS dependency
        ON dependency.classid = 'pg_catalog.pg_attrdef'::regclass
       AND dependency.objid = fallback.oid
       AND dependency.refclassid = 'pg_catalog.pg_class'::regclass
      JOIN pg_catalog.pg_class AS relation
        ON relation.oid = dependency.refobjid
       AND relation.relkind = 'S'
       AND relation.relnamespace = to_regnamespace('"Finances"')
     WHERE attribute.attrelid = pg_temp.adopt_table(tab) AND attribute.attname = col;
    IF NOT FOUND THEN
        is_default := false;
        SELECT oid, relname
          INTO sequence
          FROM pg_catalog.pg_class
         WHERE relkind = 'S' AND relnamespace = to_regnamespace('"Finances"') AND relname = usual_name;
    END IF;
    IF sequence.oid IS NULL THEN
        EXECUTE format('CREATE SEQUENCE "Finances".%I AS %s', usual_name, col_type);
        SELECT oid, relname
          INTO sequence
          FROM pg_catalog.pg_class
         WHERE relkind = 'S' AND relnamespace = to_regnamespace('"Finances"') AND relname = usual_name;
        PERFORM pg_temp.adopt_log(tab, 'sequence', usual_name);
    END IF;
    IF NOT is_default THEN
        EXECUTE format(
            'ALTER TABLE "Finances".%I ALTER COLUMN %I SET DEFAULT nextval(%L::regclass)', tab, col, sequence.oid::regclass);
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

-- The next id is above every id in use; a sequence that is ahead stays there. Not setval, which a rollback would not undo.
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
        EXECUTE format('ALTER SEQUENCE %s RESTART WITH %s', sequence, highest + 1);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION pg_temp.adopt_columns_of(relation oid, keys smallint[]) RETURNS text[]
LANGUAGE sql AS $$
    SELECT array_agg(attname::text ORDER BY attname)
      FROM pg_catalog.pg_attribute
     WHERE attrelid = relation AND attnum = ANY (keys);
$$;

-- Another index that bears a name which is needed makes room.
CREATE OR REPLACE FUNCTION pg_temp.adopt_clear_name(index_name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(format('"Finances".%I', index_name)) IS NOT NULL THEN
        EXECUTE format('ALTER INDEX "Finances".%I RENAME TO %I', index_name, left(index_name, 59) || '_old');
    END IF;
END
$$;

-- What an index over the table is as text, without its name. Tried on the empty wanted table, so nothing is built.
CREATE OR REPLACE FUNCTION pg_temp.adopt_index_text(tab text, unique_word text, definition text) RETURNS text
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('CREATE %s INDEX adopt_trial ON pg_temp.%I %s', unique_word, 'wanted_' || tab, definition);
    result := substring(pg_get_indexdef('pg_temp.adopt_trial'::regclass) FROM ' USING .*');
    DROP INDEX pg_temp.adopt_trial;
    RETURN result;
END
$$;

-- Whether such an index exists; one under another name is given this one.
CREATE OR REPLACE FUNCTION pg_temp.adopt_index_found(
    tab text, index_name text, is_unique boolean, definition text
) RETURNS boolean
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    final_text text;
    found_name text;
BEGIN
    -- Only the indexes that this run did not make can be what is looked for.
    PERFORM 1
       FROM pg_catalog.pg_index AS index
       JOIN pg_catalog.pg_class AS entry ON entry.oid = index.indexrelid
      WHERE index.indrelid = pg_temp.adopt_table(tab)
        AND index.indisunique = is_unique
        AND NOT index.indisprimary
        AND NOT EXISTS (SELECT 1 FROM pg_temp.adopt_action WHERE action = 'index' AND detail = entry.relname);
    IF NOT FOUND THEN
        PERFORM pg_temp.adopt_clear_name(index_name);
        RETURN false;
    END IF;
    final_text := pg_temp.adopt_index_text(tab, CASE WHEN is_unique THEN 'UNIQUE' ELSE '' END, definition);
    SELECT entry.relname
      INTO found_name
      FROM pg_catalog.pg_index AS index
      JOIN pg_catalog.pg_class AS entry ON entry.oid = index.indexrelid
     WHERE index.indrelid = pg_temp.adopt_table(tab)
       AND index.indisvalid
       AND index.indisunique = is_unique
       AND substring(pg_get_indexdef(index.indexrelid) FROM ' USING .*') = final_text
     ORDER BY entry.relname = index_name DESC, entry.relname
     LIMIT 1;
    IF found_name IS DISTINCT FROM index_name THEN
        PERFORM pg_temp.adopt_clear_name(index_name);
    END IF;
    IF found_name <> index_name THEN
        EXECUTE format('ALTER INDEX "Finances".%I RENAME TO %I', found_name, index_name);
    END IF;
    RETURN found_name IS NOT NULL;
END
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
       AND index.indnkeyatts = index.indnatts
       AND 0 = ALL (index.indoption::smallint[])
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
        IF existing <> key_name THEN
            PERFORM pg_temp.adopt_clear_name(key_name);
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
    IF existing IS DISTINCT FROM key_name THEN
        PERFORM pg_temp.adopt_clear_name(key_name);
    END IF;
    IF existing IS NOT NULL THEN
        IF existing <> key_name THEN
            EXECUTE format('ALTER INDEX "Finances".%I RENAME TO %I', existing, key_name);
        END IF;
        EXECUTE format('ALTER TABLE "Finances".%I ADD CONSTRAINT %I %s USING INDEX %I', tab, key_name, type_sql, key_name);
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
    statement := format('(%s)', expression) || CASE condition WHEN 'true' THEN '' ELSE format(' WHERE %s', condition) END;
    IF pg_temp.adopt_index_found(tab, index_name, true, statement) THEN
        RETURN;
    END IF;
    statement := format('CREATE UNIQUE INDEX %I ON "Finances".%I %s', index_name, tab, statement);
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
               AND pg_temp.adopt_columns_of(confrelid, confkey) = ARRAY[parent_col]
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
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_temp.adopt_index_found(tab, index_name, false, definition) THEN
        EXECUTE format('CREATE INDEX %I ON "Finances".%I %s', index_name, tab, definition);
        PERFORM pg_temp.adopt_log(tab, 'index', index_name);
    END IF;
END
$$;

-- ============================================================================================================================
-- 2. The schema as it should be: columns, types, defaults, primary keys. A missing table is made like this; an existing one is
--    brought to it. Foreign keys, checks, unique keys and indexes follow in part 11.
-- ============================================================================================================================

-- People and what they pay for
CREATE TEMP TABLE pg_temp.wanted_user (
    id            integer PRIMARY KEY,
    username      varchar(255) NOT NULL,
    email         varchar(255) NOT NULL,
    password_hash varchar(255) NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    role          varchar(20) NOT NULL,
    is_active     boolean NOT NULL DEFAULT true,
    token_version integer NOT NULL DEFAULT 0,
    last_login_at timestamptz
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_client (
    id              bigint PRIMARY KEY,
    name            varchar(255) NOT NULL,
    contact_person  text,
    email           text,
    phone           text,
    address         text,
    gstin           text,
    bundle_by_store boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    version         integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_project (
    id         bigint PRIMARY KEY,
    client_id  bigint,
    name       varchar(255) NOT NULL,
    status     varchar(20) NOT NULL DEFAULT 'active',
    location   varchar(255),
    city       varchar(100),
    state      varchar(100),
    country    varchar(100),
    latitude   numeric(10,7),
    longitude  numeric(10,7),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version    integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_site (
    id          bigint PRIMARY KEY,
    store_id    varchar(100),
    site_name   varchar(255) NOT NULL,
    address     text,
    city        varchar(100),
    state       varchar(100),
    postal_code varchar(20),
    created_at  timestamptz NOT NULL DEFAULT now()
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_vendor (
    id                 bigint PRIMARY KEY,
    name               varchar(255) NOT NULL,
    contact_person     varchar(255),
    email              varchar(255),
    phone              varchar(50),
    address            text,
    gstin              varchar(20),
    payment_terms      varchar(255),
    status             varchar(20) NOT NULL DEFAULT 'active',
    master_type        varchar(50),
    rate_configuration jsonb,
    vendor_code        varchar(100),
    city               varchar(100),
    state              varchar(100),
    country            varchar(100),
    pincode            varchar(100),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    version            integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

-- Client orders
CREATE TEMP TABLE pg_temp.wanted_client_po (
    id                bigint PRIMARY KEY,
    client_id         bigint,
    project_id        bigint,
    po_number         varchar(100),
    po_date           date,
    po_value          numeric(15,2) NOT NULL DEFAULT 0,
    stated_value      numeric(15,2),
    stated_tax        numeric(15,2),
    value_basis       varchar(10) NOT NULL DEFAULT 'stated',
    receivable_amount numeric(15,2),
    status            varchar(20) NOT NULL DEFAULT 'pending',
    po_type           varchar(30) NOT NULL DEFAULT 'standard',
    parent_po_id      bigint,
    agreement_date    date,
    pi_number         varchar(100),
    pi_date           date,
    notes             text,
    vendor_id         bigint,
    site_id           bigint,
    vendor_gstin      varchar(20),
    bill_to_gstin     varchar(20),
    vendor_address    text,
    bill_to_address   text,
    ship_to_address   text,
    subtotal          numeric(15,2),
    cgst              numeric(15,2),
    sgst              numeric(15,2),
    igst              numeric(15,2),
    total_tax         numeric(15,2),
    store_id          varchar(100),
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    version           integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_client_po_line_item (
    id           bigint PRIMARY KEY,
    client_po_id bigint NOT NULL,
    item_name    text NOT NULL,
    quantity     numeric(15,4),
    unit_price   numeric(15,4),
    rate         numeric(15,4),
    total_price  numeric(15,2),
    hsn_code     varchar(50),
    unit         varchar(50),
    tax_rate     numeric(7,4),
    gst_amount   numeric(15,2),
    gross_amount numeric(15,2),
    created_at   timestamptz DEFAULT now(),
    version      integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_po_project_mapping (
    id             bigint PRIMARY KEY,
    client_po_id   bigint NOT NULL,
    project_id     bigint NOT NULL,
    is_primary     boolean NOT NULL DEFAULT false,
    sequence_order integer,
    created_at     timestamptz NOT NULL DEFAULT now()
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_client_payment (
    id                  bigint PRIMARY KEY,
    client_id           bigint NOT NULL,
    client_po_id        bigint,
    amount              numeric(15,2) NOT NULL DEFAULT 0,
    payment_date        date,
    status              varchar(20) NOT NULL DEFAULT 'pending',
    payment_mode        varchar(50) NOT NULL DEFAULT 'neft',
    payment_stage       varchar(50) NOT NULL DEFAULT 'other',
    notes               text,
    is_tds_deducted     boolean NOT NULL DEFAULT false,
    tds_amount          numeric(15,2) NOT NULL DEFAULT 0,
    received_by_account varchar(100),
    reference_number    varchar(100),
    transaction_type    varchar(20) NOT NULL DEFAULT 'credit',
    batch_reference     varchar(100),
    reconciled_at       timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    version             integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

-- Vendor orders
CREATE TEMP TABLE pg_temp.wanted_vendor_order (
    id             bigint PRIMARY KEY,
    vendor_id      bigint,
    project_id     bigint,
    client_po_id   bigint,
    po_number      varchar(100) NOT NULL,
    po_date        date,
    due_date       date,
    po_value       numeric(15,2) NOT NULL DEFAULT 0,
    stated_value   numeric(15,2),
    value_basis    varchar(10) NOT NULL DEFAULT 'stated',
    description    text,
    category       varchar(255),
    status         varchar(20) NOT NULL DEFAULT 'pending',
    work_status    varchar(20) NOT NULL DEFAULT 'pending',
    payment_status varchar(20) NOT NULL DEFAULT 'pending',
    final_po_value numeric(15,2),
    billing_status text DEFAULT 'not_initiated',
    billing_notes  text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    version        integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_vendor_order_line_item (
    id                  bigint PRIMARY KEY,
    vendor_order_id     bigint NOT NULL,
    item_name           varchar(500) NOT NULL,
    quantity            numeric(15,4) NOT NULL,
    unit_price          numeric(15,4) NOT NULL,
    total_price         numeric(15,2) NOT NULL,
    status              varchar(50) NOT NULL DEFAULT 'pending',
    delivery_progress   integer NOT NULL DEFAULT 0,
    vendor_id           bigint,
    client_line_item_id bigint,
    order_date          date,
    created_at          timestamptz DEFAULT now(),
    updated_at          timestamptz DEFAULT now(),
    version             integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_vendor_payment (
    id               bigint PRIMARY KEY,
    vendor_id        bigint,
    vendor_order_id  bigint,
    project_id       bigint,
    amount           numeric(15,2) NOT NULL,
    payment_date     date NOT NULL,
    status           varchar(20) NOT NULL DEFAULT 'pending',
    payment_mode     varchar(50) NOT NULL DEFAULT 'bank_transfer',
    reference_number varchar(100),
    notes            text,
    batch_reference  varchar(100),
    reconciled_at    timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    version          integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_payment_vendor_link (
    id                bigint PRIMARY KEY,
    vendor_order_id   bigint NOT NULL,
    payment_id        bigint,
    vendor_payment_id bigint,
    link_type         varchar(10) NOT NULL,
    amount_allocated  numeric(15,2) NOT NULL,
    linked_at         timestamptz NOT NULL DEFAULT now(),
    created_at        timestamptz NOT NULL DEFAULT now()
) ON COMMIT DROP;

-- Billing and quotations
CREATE TEMP TABLE pg_temp.wanted_billing_po (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    legacy_id      bigint,
    client_id      bigint,
    client_po_id   bigint,
    project_id     bigint,
    po_number      text NOT NULL,
    billed_value   numeric(15,2) NOT NULL DEFAULT 0,
    billed_gst     numeric(15,2) NOT NULL DEFAULT 0,
    billed_total   numeric(15,2) NOT NULL DEFAULT 0,
    billing_notes  text,
    approval_notes text,
    approved_by    integer,
    approved_at    timestamptz,
    status         text NOT NULL DEFAULT 'FINAL',
    revises_id     uuid,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    version        integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_billing_po_line_item (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    legacy_id     bigint,
    billing_po_id uuid NOT NULL,
    description   text NOT NULL,
    qty           numeric(15,4) NOT NULL,
    rate          numeric(15,4) NOT NULL,
    total         numeric(15,2) NOT NULL,
    created_at    timestamptz DEFAULT now(),
    updated_at    timestamptz DEFAULT now()
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_quotation (
    id             integer PRIMARY KEY,
    store_id       varchar(50) NOT NULL,
    store_location text NOT NULL,
    full_address   text NOT NULL,
    company_name   text NOT NULL,
    total_area     varchar(50) NOT NULL,
    subtotal       numeric(15,2) NOT NULL DEFAULT 0,
    total_gst      numeric(15,2) NOT NULL DEFAULT 0,
    total_amount   numeric(15,2) NOT NULL DEFAULT 0,
    status         varchar(20) NOT NULL DEFAULT 'saved',
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    version        integer NOT NULL DEFAULT 1
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_quotation_line_item (
    id           integer PRIMARY KEY,
    quotation_id integer,
    name         text NOT NULL,
    hsn_sac_code varchar(50),
    type_of_boq  varchar(50),
    quantity     numeric(15,4) DEFAULT 1,
    units        varchar(20),
    price        numeric(15,4) DEFAULT 0,
    tax          numeric(5,2) DEFAULT 18,
    gst_amount   numeric(15,2) DEFAULT 0,
    total        numeric(15,2) DEFAULT 0,
    created_at   timestamptz DEFAULT now()
) ON COMMIT DROP;

-- Files
CREATE TEMP TABLE pg_temp.wanted_project_document (
    id                  bigint PRIMARY KEY,
    project_id          bigint,
    client_po_id        bigint,
    document_name       varchar(255),
    document_path       varchar(500),
    original_filename   varchar(255) NOT NULL,
    stored_filename     varchar(500),
    compressed_filename varchar(500),
    mime_type           varchar(150),
    original_size       bigint,
    compressed_size     bigint,
    description         text,
    uploaded_by         integer,
    uploaded_by_name    varchar(255),
    document_type       varchar(50),
    document_number     varchar(100),
    document_date       date,
    file_hash           varchar(64),
    po_number           varchar(100),
    created_at          timestamptz NOT NULL DEFAULT now()
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_upload_session (
    id            varchar(36) PRIMARY KEY,
    session_id    varchar(255) NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    metadata      jsonb NOT NULL DEFAULT '{}',
    status        varchar(20) NOT NULL DEFAULT 'active',
    last_activity timestamptz DEFAULT now(),
    created_by    integer
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_upload_file (
    id                 varchar(36) PRIMARY KEY,
    session_id         varchar(255) NOT NULL,
    po_number          varchar(100),
    original_filename  varchar(500) NOT NULL,
    storage_filename   varchar(500) NOT NULL,
    storage_path       text NOT NULL,
    file_size          bigint NOT NULL,
    compressed_size    bigint,
    is_compressed      boolean NOT NULL DEFAULT true,
    mime_type          varchar(150),
    original_mime_type varchar(150),
    file_hash          varchar(64),
    compressed_hash    varchar(64),
    upload_timestamp   timestamptz NOT NULL DEFAULT now(),
    uploaded_by        varchar(100),
    uploader_id        integer,
    metadata           jsonb NOT NULL DEFAULT '{}',
    status             varchar(20) NOT NULL DEFAULT 'active'
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_upload_stats (
    id               varchar(36) PRIMARY KEY,
    session_id       varchar(255) NOT NULL,
    total_uploads    integer NOT NULL DEFAULT 0,
    total_downloads  integer NOT NULL DEFAULT 0,
    total_size_bytes bigint NOT NULL DEFAULT 0,
    last_activity    timestamptz DEFAULT now()
) ON COMMIT DROP;

-- Logins and limits
CREATE TEMP TABLE pg_temp.wanted_refresh_token (
    id         bigint PRIMARY KEY,
    user_id    integer NOT NULL,
    token_hash varchar(64) NOT NULL,
    family     uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    revoked_at timestamptz
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_revoked_token (
    jti        varchar(64) PRIMARY KEY,
    user_id    integer NOT NULL,
    expires_at timestamptz NOT NULL
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_login_failure (
    id       bigint PRIMARY KEY,
    username varchar(255) NOT NULL,
    address  inet,
    at       timestamptz NOT NULL DEFAULT now()
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_quota_counter (
    subject varchar(300),
    kind    varchar(10),
    hour    timestamptz,
    used    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (subject, kind, hour)
) ON COMMIT DROP;

-- Requests, trail, outbox, report
CREATE TEMP TABLE pg_temp.wanted_idempotency_key (
    user_id     integer,
    method      varchar(10),
    path        text,
    key         varchar(255),
    fingerprint bytea,
    state       varchar(10) NOT NULL DEFAULT 'running',
    status      integer,
    headers     jsonb,
    body        bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    PRIMARY KEY (user_id, method, path, key)
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_audit_entry (
    id         bigint PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor_id   integer,
    actor_name varchar(255),
    request_id varchar(64),
    action     varchar(50) NOT NULL,
    entity     varchar(50) NOT NULL,
    entity_id  varchar(64) NOT NULL,
    before     jsonb,
    after      jsonb,
    note       text,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id()
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_audit_seal (
    batch         bigint PRIMARY KEY,
    first_id      bigint NOT NULL,
    last_id       bigint NOT NULL,
    count         integer NOT NULL,
    hash          bytea NOT NULL,
    previous_hash bytea,
    sealed_at     timestamptz NOT NULL DEFAULT now()
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_event (
    id           bigint PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    type         varchar(50) NOT NULL,
    entity       varchar(50) NOT NULL,
    entity_id    varchar(64) NOT NULL,
    payload      jsonb NOT NULL DEFAULT '{}',
    published_at timestamptz
) ON COMMIT DROP;

CREATE TEMP TABLE pg_temp.wanted_adoption_report (
    id         bigint PRIMARY KEY,
    run_id     uuid NOT NULL,
    found_at   timestamptz NOT NULL DEFAULT now(),
    table_name text NOT NULL,
    row_id     text,
    rule       varchar(50) NOT NULL,
    kept       jsonb NOT NULL
) ON COMMIT DROP;

CREATE OR REPLACE FUNCTION pg_temp.adopt_tables() RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT substr(relname, length('wanted_') + 1)
      FROM pg_catalog.pg_class
     WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' AND starts_with(relname, 'wanted_')
     ORDER BY oid;
$$;

-- ============================================================================================================================
-- 3. Detect what cannot be adopted, before anything is touched.
-- ============================================================================================================================

DO $$
DECLARE
    fault record;
BEGIN
    SELECT relation.relname
      INTO fault
      FROM pg_temp.adopt_tables() AS tab
      JOIN pg_catalog.pg_class AS relation
        ON relation.relnamespace = to_regnamespace('"Finances"') AND relation.relname = tab
     WHERE relation.relkind NOT IN ('r', 'p');
    IF FOUND THEN
        RAISE EXCEPTION 'adoption stopped: "Finances".% is not a table', fault.relname USING ERRCODE = 'wrong_object_type';
    END IF;

    IF coalesce(nullif(btrim(current_setting('nexgen.legacy_user_role', true)), ''), 'editor') NOT IN ('admin', 'editor', 'viewer') THEN
        RAISE EXCEPTION 'adoption stopped: LEGACY_USER_ROLE must be admin, editor or viewer'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_temp.adopt_timezone();

    -- Old columns that are no longer written must not ask for a value.
    FOR fault IN
        SELECT old.tab, old.col
          FROM (VALUES
                   ('vendor_order', 'amount'),
                   ('vendor_order_line_item', 'item_description'),
                   ('vendor_order_line_item', 'amount'),
                   ('billing_po', 'amount'),
                   ('billing_po_line_item', 'item_description'),
                   ('billing_po_line_item', 'quantity'),
                   ('billing_po_line_item', 'unit_price'),
                   ('billing_po_line_item', 'amount'),
                   ('upload_stats', 'total_files'),
                   ('upload_stats', 'total_sessions'),
                   ('upload_stats', 'last_updated')
               ) AS old (tab, col)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = pg_temp.adopt_table(old.tab)
           AND attribute.attname = old.col
           AND attribute.attnotnull
           AND NOT attribute.attisdropped
    LOOP
        EXECUTE format('ALTER TABLE "Finances".%I ALTER COLUMN %I DROP NOT NULL', fault.tab, fault.col);
        PERFORM pg_temp.adopt_log(fault.tab, 'not null dropped', fault.col);
    END LOOP;

    SELECT tab, attribute.attname AS col
      INTO fault
      FROM pg_temp.adopt_tables() AS tab
      JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = pg_temp.adopt_table(tab)
     WHERE attribute.attnum > 0
       AND NOT attribute.attisdropped
       AND attribute.attnotnull
       AND NOT attribute.atthasdef
       AND attribute.attidentity = ''
       AND NOT EXISTS (
               SELECT 1
                 FROM pg_catalog.pg_attribute AS wanted
                WHERE wanted.attrelid = format('pg_temp.%I', 'wanted_' || tab)::regclass
                  AND wanted.attname = attribute.attname)
       AND (tab, attribute.attname) <> ('billing_po_line_item', 'legacy_billing_po_id')
     ORDER BY tab, attribute.attnum
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'adoption stopped: "Finances".% has the unknown column % that is NOT NULL without a default',
            fault.tab, fault.col
            USING ERRCODE = 'not_null_violation';
    END IF;
END
$$;

-- ============================================================================================================================
-- 4. What has to go: broken upload triggers, since the program keeps the statistics itself, and unique keys of bills that further
--    bills of an order or project would break, and some fills below with them.
-- ============================================================================================================================

DO $$
DECLARE
    broken record;
BEGIN
    FOR broken IN
        SELECT relation.relname AS tab, trigger.tgname
          FROM pg_catalog.pg_trigger AS trigger
          JOIN pg_catalog.pg_class AS relation ON relation.oid = trigger.tgrelid
         WHERE NOT trigger.tgisinternal
           AND (trigger.tgrelid, trigger.tgname) IN (
                   (pg_temp.adopt_table('upload_file'), 'trigger_update_upload_stats'),
                   (pg_temp.adopt_table('upload_session'), 'trigger_initialize_upload_stats'))
    LOOP
        EXECUTE format('DROP TRIGGER %I ON "Finances".%I', broken.tgname, broken.tab);
        PERFORM pg_temp.adopt_log(broken.tab, 'trigger dropped', broken.tgname);
    END LOOP;

    FOR broken IN
        SELECT routine.oid::regprocedure AS routine
          FROM pg_catalog.pg_proc AS routine
         WHERE routine.proname IN ('update_upload_stats', 'initialize_upload_stats')
           AND routine.pronargs = 0
           AND routine.prorettype = 'pg_catalog.trigger'::regtype
           AND routine.pronamespace IN (to_regnamespace('"Finances"'), to_regnamespace('public'))
           AND pg_has_role(routine.proowner, 'USAGE')
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger WHERE tgfoid = routine.oid)
    LOOP
        EXECUTE format('DROP FUNCTION %s', broken.routine);
        PERFORM pg_temp.adopt_log('upload_stats', 'function dropped', broken.routine::text);
    END LOOP;
END
$$;

DO $$
DECLARE
    obsolete record;
BEGIN
    FOR obsolete IN
        SELECT entry.relname AS index_name, backed.conname
          FROM pg_catalog.pg_index AS index
          JOIN pg_catalog.pg_class AS entry ON entry.oid = index.indexrelid
          LEFT JOIN pg_catalog.pg_constraint AS backed ON backed.conindid = index.indexrelid AND backed.contype = 'u'
         WHERE index.indrelid = pg_temp.adopt_table('billing_po')
           AND index.indisunique
           AND index.indnatts = 1
           AND (pg_temp.adopt_columns_of(index.indrelid, index.indkey::smallint[]) = ARRAY['po_number']
                OR (pg_temp.adopt_columns_of(index.indrelid, index.indkey::smallint[]) = ARRAY['project_id']
                    AND index.indpred IS NOT NULL))
    LOOP
        IF obsolete.conname IS NULL THEN
            EXECUTE format('DROP INDEX "Finances".%I', obsolete.index_name);
        ELSE
            EXECUTE format('ALTER TABLE "Finances".billing_po DROP CONSTRAINT %I', obsolete.conname);
        END IF;
        PERFORM pg_temp.adopt_log('billing_po', 'unique dropped', obsolete.index_name);
    END LOOP;
END
$$;

-- ============================================================================================================================
-- 5. Tables and columns.
-- ============================================================================================================================

-- 5.1 Billing rows numbered by a bigint: the number stays as legacy_id, a uuid becomes the id, lines are pointed to it anew.
DO $$
DECLARE
    numbered record;
    doubles  bigint;
BEGIN
    IF pg_temp.adopt_type('billing_po_line_item', 'billing_po_id') IN ('smallint', 'integer', 'bigint')
       OR pg_temp.adopt_type('billing_po', 'id') IN ('smallint', 'integer', 'bigint')
    THEN
        FOR numbered IN
            SELECT conname
              FROM pg_catalog.pg_constraint
             WHERE contype = 'f'
               AND conrelid = pg_temp.adopt_table('billing_po_line_item')
               AND confrelid = pg_temp.adopt_table('billing_po')
        LOOP
            EXECUTE format('ALTER TABLE "Finances".billing_po_line_item DROP CONSTRAINT %I', numbered.conname);
        END LOOP;
    END IF;

    FOR numbered IN
        SELECT tab
          FROM unnest(ARRAY['billing_po', 'billing_po_line_item']) AS tab
         WHERE pg_temp.adopt_type(tab, 'id') IN ('smallint', 'integer', 'bigint')
    LOOP
        EXECUTE format('SELECT count(*) - count(DISTINCT id) FROM "Finances".%I', numbered.tab) INTO doubles;
        IF doubles > 0 THEN
            RAISE EXCEPTION 'adoption stopped: table "Finances".% has duplicate ids', numbered.tab
                USING ERRCODE = 'unique_violation';
        END IF;
        EXECUTE (
            SELECT coalesce(
                       string_agg(format('ALTER TABLE "Finances".%I DROP CONSTRAINT %I', numbered.tab, conname), '; '),
                       'SELECT 1')
              FROM pg_catalog.pg_constraint
             WHERE conrelid = pg_temp.adopt_table(numbered.tab) AND contype = 'p');
        -- Restored without constraints, the key's index may still bear the key's name.
        IF to_regclass(format('"Finances".%I', numbered.tab || '_pkey')) IS NOT NULL THEN
            EXECUTE format('ALTER INDEX "Finances".%I RENAME TO %I', numbered.tab || '_pkey', numbered.tab || '_legacy_id_key');
        END IF;
        EXECUTE format('ALTER TABLE "Finances".%I RENAME COLUMN id TO legacy_id', numbered.tab);
        EXECUTE format(
            'ALTER TABLE "Finances".%I ALTER COLUMN legacy_id DROP DEFAULT, ALTER COLUMN legacy_id DROP NOT NULL', numbered.tab);
        EXECUTE format(
            'ALTER TABLE "Finances".%I ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid()', numbered.tab);
        INSERT INTO pg_temp.adopt_added (table_name, column_name) VALUES (numbered.tab, 'legacy_id');
        PERFORM pg_temp.adopt_log(numbered.tab, 'id', 'number kept as legacy_id, uuid added');
    END LOOP;

    IF pg_temp.adopt_type('billing_po_line_item', 'billing_po_id') IN ('smallint', 'integer', 'bigint') THEN
        ALTER TABLE "Finances".billing_po_line_item RENAME COLUMN billing_po_id TO legacy_billing_po_id;
        ALTER TABLE "Finances".billing_po_line_item ALTER COLUMN legacy_billing_po_id DROP NOT NULL;
        ALTER TABLE "Finances".billing_po_line_item ADD COLUMN billing_po_id uuid;
        IF pg_temp.adopt_has('billing_po', 'legacy_id') THEN
            UPDATE "Finances".billing_po_line_item AS line
               SET billing_po_id = bill.id
              FROM "Finances".billing_po AS bill
             WHERE bill.legacy_id = line.legacy_billing_po_id;
        END IF;
        INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
        SELECT 'billing_po_line_item', id::text, 'orphan_fk',
               jsonb_build_object('column', 'billing_po_id', 'value', legacy_billing_po_id, 'parent', 'billing_po')
          FROM "Finances".billing_po_line_item
         WHERE billing_po_id IS NULL AND legacy_billing_po_id IS NOT NULL
         ORDER BY legacy_id;
    END IF;
END
$$;

-- 5.2 Missing tables whole, missing columns of the others. A constant default fills old rows at once; now() would lie about them,
--     so such a default is set later, and NOT NULL after the fills.
DO $$
DECLARE
    tab    text;
    wanted record;
BEGIN
    FOR tab IN SELECT * FROM pg_temp.adopt_tables() LOOP
        IF pg_temp.adopt_table(tab) IS NULL THEN
            EXECUTE (
                SELECT format('CREATE TABLE "Finances".%I (%s)', tab, string_agg(
                           format('%I %s', attribute.attname, format_type(attribute.atttypid, attribute.atttypmod))
                           || coalesce(' DEFAULT ' || pg_get_expr(fallback.adbin, fallback.adrelid), '')
                           || CASE WHEN attribute.attnotnull THEN ' NOT NULL' ELSE '' END,
                           ', ' ORDER BY attribute.attnum))
                  FROM pg_catalog.pg_attribute AS attribute
                  LEFT JOIN pg_catalog.pg_attrdef AS fallback
                    ON fallback.adrelid = attribute.attrelid AND fallback.adnum = attribute.attnum
                 WHERE attribute.attrelid = format('pg_temp.%I', 'wanted_' || tab)::regclass
                   AND attribute.attnum > 0);
            INSERT INTO pg_temp.adopt_added (table_name, column_name) VALUES (tab, '*');
            PERFORM pg_temp.adopt_log(tab, 'table', 'made');
        END IF;
        FOR wanted IN
            SELECT attribute.attname AS col,
                   format_type(attribute.atttypid, attribute.atttypmod) AS col_type,
                   pg_get_expr(fallback.adbin, fallback.adrelid) AS fallback
              FROM pg_catalog.pg_attribute AS attribute
              LEFT JOIN pg_catalog.pg_attrdef AS fallback
                ON fallback.adrelid = attribute.attrelid AND fallback.adnum = attribute.attnum
             WHERE attribute.attrelid = format('pg_temp.%I', 'wanted_' || tab)::regclass
               AND attribute.attnum > 0
               AND NOT pg_temp.adopt_has(tab, attribute.attname)
             ORDER BY attribute.attnum
        LOOP
            EXECUTE format('ALTER TABLE "Finances".%I ADD COLUMN %I %s', tab, wanted.col, wanted.col_type)
                || CASE WHEN wanted.fallback IS NULL OR strpos(wanted.fallback, '(') > 0 THEN ''
                        ELSE ' DEFAULT ' || wanted.fallback END;
            INSERT INTO pg_temp.adopt_added (table_name, column_name) VALUES (tab, wanted.col);
            PERFORM pg_temp.adopt_log(tab, 'column', wanted.col);
        END LOOP;
    END LOOP;
END
$$;

-- ============================================================================================================================
-- 6. Types, and NOT NULL where it is no longer asked for.
-- ============================================================================================================================

DO $$
DECLARE
    tab   text;
    loose record;
BEGIN
    -- The uploader of a document was a name in some databases; it is a user's id now.
    IF pg_temp.adopt_type('project_document', 'uploaded_by') LIKE ANY (ARRAY['text', 'character%']) THEN
        UPDATE "Finances".project_document
           SET uploaded_by_name = left(btrim(uploaded_by::text), 255)
         WHERE uploaded_by_name IS NULL
           AND btrim(uploaded_by::text) <> ''
           AND btrim(uploaded_by::text) !~ '^[0-9]{1,9}$';
    END IF;

    FOR tab IN SELECT * FROM pg_temp.adopt_tables() LOOP
        PERFORM pg_temp.adopt_convert(tab);
        FOR loose IN
            SELECT present.attname AS col
              FROM pg_catalog.pg_attribute AS wanted
              JOIN pg_catalog.pg_attribute AS present
                ON present.attrelid = pg_temp.adopt_table(tab) AND present.attname = wanted.attname
             WHERE wanted.attrelid = format('pg_temp.%I', 'wanted_' || tab)::regclass
               AND wanted.attnum > 0
               AND present.attnotnull
               AND NOT wanted.attnotnull
        LOOP
            EXECUTE format('ALTER TABLE "Finances".%I ALTER COLUMN %I DROP NOT NULL', tab, loose.col);
            PERFORM pg_temp.adopt_log(tab, 'not null dropped', loose.col);
        END LOOP;
    END LOOP;
END
$$;

-- ============================================================================================================================
-- 7. Defaults, primary keys and sequences of ids, so that rows can be added.
-- ============================================================================================================================

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT tab, attribute.attname AS col, pg_get_expr(fallback.adbin, fallback.adrelid) AS fallback
          FROM pg_temp.adopt_tables() WITH ORDINALITY AS listed (tab, listed_at)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = format('pg_temp.%I', 'wanted_' || tab)::regclass AND attribute.attnum > 0
          LEFT JOIN pg_catalog.pg_attrdef AS fallback
            ON fallback.adrelid = attribute.attrelid AND fallback.adnum = attribute.attnum
          JOIN pg_catalog.pg_attribute AS present
            ON present.attrelid = pg_temp.adopt_table(tab)
           AND present.attname = attribute.attname
           AND present.attidentity = ''
           AND present.attgenerated = ''
          LEFT JOIN pg_catalog.pg_attrdef AS old
            ON old.adrelid = present.attrelid AND old.adnum = present.attnum
         WHERE pg_get_expr(fallback.adbin, fallback.adrelid) IS DISTINCT FROM pg_get_expr(old.adbin, old.adrelid)
           AND NOT (fallback.oid IS NULL AND pg_get_expr(old.adbin, old.adrelid) LIKE 'nextval(%')
         ORDER BY listed_at, attribute.attnum
    LOOP
        EXECUTE format('ALTER TABLE "Finances".%I ALTER COLUMN %I ', wanted.tab, wanted.col)
            || coalesce('SET DEFAULT ' || wanted.fallback, 'DROP DEFAULT');
    END LOOP;
END
$$;

DO $$
DECLARE
    primary_key record;
BEGIN
    FOR primary_key IN
        SELECT tab, array_agg(attribute.attname::text ORDER BY place.number) AS cols, min(format_type(attribute.atttypid, -1)) AS col_type
          FROM pg_temp.adopt_tables() WITH ORDINALITY AS listed (tab, listed_at)
          JOIN pg_catalog.pg_constraint AS wanted
            ON wanted.conrelid = format('pg_temp.%I', 'wanted_' || tab)::regclass AND wanted.contype = 'p'
         CROSS JOIN unnest(wanted.conkey) WITH ORDINALITY AS place (attnum, number)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = wanted.conrelid AND attribute.attnum = place.attnum
         GROUP BY tab, listed_at
         ORDER BY listed_at
    LOOP
        PERFORM pg_temp.adopt_unique(primary_key.tab, 'p', primary_key.tab || '_pkey', VARIADIC primary_key.cols);
        IF cardinality(primary_key.cols) = 1 AND primary_key.col_type IN ('integer', 'bigint') THEN
            PERFORM pg_temp.adopt_sequence(primary_key.tab, primary_key.cols[1]);
            PERFORM pg_temp.adopt_advance(primary_key.tab, primary_key.cols[1]);
        END IF;
    END LOOP;
END
$$;

-- ============================================================================================================================
-- 8. Fill. What must happen once only asks whether a column is new.
-- ============================================================================================================================

-- 8.1 Timestamps that take over another's value.
DO $$
DECLARE
    tab text;
BEGIN
    FOREACH tab IN ARRAY ARRAY[
        'project', 'vendor', 'client_po', 'client_payment', 'vendor_order', 'vendor_payment', 'billing_po', 'quotation', 'user']
    LOOP
        PERFORM pg_temp.adopt_fill(tab, 'updated_at', 'created_at');
    END LOOP;
    PERFORM pg_temp.adopt_fill('payment_vendor_link', 'linked_at', 'created_at');

    WITH first_order AS (
        SELECT client_id, min(po_date)::timestamp AT TIME ZONE pg_temp.adopt_timezone() AS at
          FROM "Finances".client_po
         GROUP BY client_id
    ), filled AS (
        UPDATE "Finances".client
           SET created_at = first_order.at
          FROM first_order
         WHERE client.created_at IS NULL AND first_order.client_id = client.id AND first_order.at IS NOT NULL
        RETURNING client.id, client.created_at
    )
    INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
    SELECT 'client', id::text, 'null_filled', jsonb_build_object('column', 'created_at', 'value', created_at)
      FROM filled
     ORDER BY id;
    PERFORM pg_temp.adopt_fill_listed('client', 'created_at', 'now()', 'null_filled');
END
$$;

-- 8.2 Keys that may be absent are never empty text.
SELECT pg_temp.adopt_blank(tab, col)
  FROM (VALUES
           ('client_po', 'po_number'), ('client_po', 'pi_number'), ('client_po', 'store_id'), ('client_po', 'vendor_gstin'),
           ('client_po', 'bill_to_gstin'), ('site', 'store_id'), ('vendor', 'gstin'), ('client', 'gstin'),
           ('client_payment', 'reference_number'), ('client_payment', 'received_by_account'),
           ('vendor_payment', 'reference_number'), ('project_document', 'po_number'), ('upload_file', 'po_number')
       ) AS keys (tab, col);

-- 8.3 Client orders: home project, line tax rates, value and its basis.
DO $$
DECLARE
    changed bigint;
BEGIN
    IF pg_temp.adopt_was_added('client', 'bundle_by_store') THEN
        UPDATE "Finances".client SET bundle_by_store = false WHERE id = 1;
    END IF;

    IF pg_temp.adopt_was_added('client_po_line_item', 'tax_rate') THEN
        WITH priced AS (
            SELECT id,
                   CASE
                       WHEN gst_amount = 0 THEN 0
                       ELSE coalesce(
                           (SELECT usual.percent
                              FROM (VALUES (1, 18), (2, 28), (3, 12), (4, 5)) AS usual (place, percent)
                             WHERE round(total_price * usual.percent / 100, 2) = gst_amount
                             ORDER BY usual.place
                             LIMIT 1),
                           round(gst_amount * 100 / total_price, 4))
                   END AS tax_rate
              FROM "Finances".client_po_line_item
             WHERE total_price > 0 AND gst_amount IS NOT NULL
        )
        UPDATE "Finances".client_po_line_item AS line
           SET tax_rate = priced.tax_rate
          FROM priced
         WHERE priced.id = line.id AND abs(priced.tax_rate) < 1000;
        GET DIAGNOSTICS changed = ROW_COUNT;
        PERFORM pg_temp.adopt_count('client_po_line_item', 'tax_rate', 'null_filled', changed, 'gst_amount and total_price');
    END IF;

    IF NOT pg_temp.adopt_was_added('client_po', 'value_basis') THEN
        RETURN;
    END IF;

    UPDATE "Finances".client_po AS po
       SET project_id = mapped.project_id
      FROM (
               SELECT DISTINCT ON (mapping.client_po_id) mapping.client_po_id, mapping.project_id
                 FROM "Finances".po_project_mapping AS mapping
                 JOIN "Finances".project ON project.id = mapping.project_id
                ORDER BY mapping.client_po_id, mapping.id
           ) AS mapped
     WHERE po.project_id IS NULL AND mapped.client_po_id = po.id;
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM pg_temp.adopt_count('client_po', 'project_id', 'null_filled', changed, 'first mapping');

    WITH summed AS (
        SELECT client_po_id, sum(coalesce(gross_amount, total_price, 0)) AS gross
          FROM "Finances".client_po_line_item
         GROUP BY client_po_id
    ), filled AS (
        UPDATE "Finances".client_po AS po
           SET po_value = summed.gross
          FROM summed
         WHERE po.po_value IS NULL AND summed.client_po_id = po.id
        RETURNING po.id, po.po_value
    )
    INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
    SELECT 'client_po', id::text, 'null_filled', jsonb_build_object('column', 'po_value', 'value', po_value)
      FROM filled
     ORDER BY id;
    PERFORM pg_temp.adopt_fill_listed('client_po', 'po_value', '0', 'money_missing');

    -- Lines that give the stored figures count from now on; a tax that was never stored is theirs.
    WITH summed AS (
        SELECT client_po_id, sum(coalesce(total_price, 0)) AS net, sum(coalesce(gst_amount, 0)) AS tax
          FROM "Finances".client_po_line_item
         GROUP BY client_po_id
    ), judged AS (
        SELECT po.id,
               po.total_tax IS NULL AS lacks_tax,
               summed.tax,
               summed.net + summed.tax = po.po_value AND summed.tax = coalesce(po.total_tax, summed.tax) AS fits
          FROM "Finances".client_po AS po
          LEFT JOIN summed ON summed.client_po_id = po.id
    ), settled AS (
        UPDATE "Finances".client_po AS po
           SET value_basis = CASE WHEN judged.fits THEN 'lines' ELSE 'stated' END,
               total_tax = CASE WHEN judged.fits THEN judged.tax ELSE po.total_tax END,
               stated_value = po.po_value,
               stated_tax = CASE WHEN judged.fits THEN judged.tax ELSE po.total_tax END
          FROM judged
         WHERE judged.id = po.id
        RETURNING judged.fits AND judged.lacks_tax AS was_filled
    )
    SELECT count(*) FILTER (WHERE was_filled) INTO changed FROM settled;
    PERFORM pg_temp.adopt_count('client_po', 'total_tax', 'null_filled', changed, 'gst_amount of the lines');

    INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
    SELECT 'client_po', po.id::text, 'po_total_mismatch',
           jsonb_build_object('po_value', po.po_value, 'total_tax', po.total_tax, 'lines_net', summed.net, 'lines_tax', summed.tax)
      FROM "Finances".client_po AS po
      JOIN (
               SELECT client_po_id, sum(coalesce(total_price, 0)) AS net, sum(coalesce(gst_amount, 0)) AS tax
                 FROM "Finances".client_po_line_item
                GROUP BY client_po_id
           ) AS summed ON summed.client_po_id = po.id
     WHERE po.value_basis = 'stated'
     ORDER BY po.id;
END
$$;

-- 8.4 Mappings: one for each order with a project; the first of a project is its primary.
DO $$
DECLARE
    changed bigint;
BEGIN
    PERFORM pg_temp.adopt_fill('po_project_mapping', 'is_primary', 'false');
    IF pg_temp.adopt_was_added('client_po', 'value_basis') THEN
        INSERT INTO "Finances".po_project_mapping (id, client_po_id, project_id) OVERRIDING SYSTEM VALUE
        SELECT (SELECT coalesce(max(id), 0) FROM "Finances".po_project_mapping) + row_number() OVER (ORDER BY po.id),
               po.id, po.project_id
          FROM "Finances".client_po AS po
          JOIN "Finances".project ON project.id = po.project_id
         WHERE NOT EXISTS (
                   SELECT 1
                     FROM "Finances".po_project_mapping AS mapping
                    WHERE mapping.client_po_id = po.id AND mapping.project_id = po.project_id)
         ORDER BY po.id;
        GET DIAGNOSTICS changed = ROW_COUNT;
        PERFORM pg_temp.adopt_count('po_project_mapping', 'project_id', 'null_filled', changed, 'project of the order');

        UPDATE "Finances".po_project_mapping AS mapping
           SET is_primary = true
          FROM (
                   SELECT min(home.id) AS id
                     FROM "Finances".po_project_mapping AS home
                     JOIN "Finances".client_po AS po ON po.id = home.client_po_id AND po.project_id = home.project_id
                    GROUP BY home.project_id
               ) AS oldest
         WHERE oldest.id = mapping.id
           AND NOT EXISTS (
                   SELECT 1
                     FROM "Finances".po_project_mapping AS chosen
                    WHERE chosen.project_id = mapping.project_id AND chosen.is_primary);
    END IF;

    INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
    SELECT 'po_project_mapping', mapping.id::text, 'foreign_mapping',
           jsonb_build_object('client_po_id', po.id, 'project_id', mapping.project_id, 'home_project_id', po.project_id)
      FROM "Finances".po_project_mapping AS mapping
      JOIN "Finances".client_po AS po ON po.id = mapping.client_po_id
     WHERE po.project_id <> mapping.project_id
     ORDER BY mapping.id;
END
$$;

-- 8.5 Client payments.
DO $$
BEGIN
    PERFORM pg_temp.adopt_fill_listed('client_payment', 'amount', '0', 'money_missing');
    PERFORM pg_temp.adopt_fill('client_payment', 'is_tds_deducted', 'false');
    PERFORM pg_temp.adopt_fill('client_payment', 'tds_amount', '0');
END
$$;

-- 8.6 Vendor orders and their lines: one family of columns, one value.
DO $$
DECLARE
    changed bigint;
BEGIN
    IF pg_temp.adopt_has('vendor_order_line_item', 'item_description') THEN
        INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
        SELECT 'vendor_order_line_item', id::text, 'too_long',
               jsonb_build_object('column', 'item_description', 'length', length(item_description), 'limit', 500)
          FROM "Finances".vendor_order_line_item
         WHERE item_name IS NULL AND length(btrim(item_description)) > 500
         ORDER BY id;
        PERFORM pg_temp.adopt_fill(
            'vendor_order_line_item', 'item_name', 'left(nullif(btrim(item_description), ''''), 500)', label => 'item_description');
    END IF;
    PERFORM pg_temp.adopt_fill_listed('vendor_order_line_item', 'item_name', '''Item '' || id', 'null_filled');
    PERFORM pg_temp.adopt_fill_listed('vendor_order_line_item', 'quantity', '1', 'null_filled');
    IF pg_temp.adopt_has('vendor_order_line_item', 'amount') THEN
        IF pg_temp.adopt_was_added('vendor_order_line_item', 'version') THEN
            PERFORM pg_temp.adopt_check_figures('vendor_order_line_item', 'amount', 15, 2);
            PERFORM pg_temp.adopt_list(
                'vendor_order_line_item', 'line_value_conflict', 'total_price <> round(amount, 2)', 'total_price', 'amount');
        END IF;
        PERFORM pg_temp.adopt_fill('vendor_order_line_item', 'total_price', 'round(amount, 2)');
    END IF;
    PERFORM pg_temp.adopt_fill(
        'vendor_order_line_item', 'total_price', 'round(quantity * unit_price, 2)',
        'abs(round(quantity * unit_price, 2)) < 10::numeric ^ 13');
    PERFORM pg_temp.adopt_fill(
        'vendor_order_line_item', 'unit_price', 'round(total_price / nullif(quantity, 0), 4)',
        'abs(round(total_price / nullif(quantity, 0), 4)) < 10::numeric ^ 11');
    PERFORM pg_temp.adopt_fill('vendor_order_line_item', 'delivery_progress', '0');

    IF NOT pg_temp.adopt_was_added('vendor_order', 'value_basis') THEN
        RETURN;
    END IF;

    IF pg_temp.adopt_has('vendor_order', 'amount') THEN
        PERFORM pg_temp.adopt_check_figures('vendor_order', 'amount', 15, 2);
        PERFORM pg_temp.adopt_list(
            'vendor_order', 'order_value_conflict',
            'po_value > 0 AND amount > 0 AND po_value <> round(amount, 2)', 'po_value', 'amount');
        IF pg_temp.adopt_was_added('vendor_order', 'po_value') THEN
            PERFORM pg_temp.adopt_list('vendor_order', 'money_missing', 'amount IS NULL', 'po_value');
            UPDATE "Finances".vendor_order SET po_value = round(amount, 2) WHERE amount IS NOT NULL;
        ELSE
            UPDATE "Finances".vendor_order
               SET po_value = round(amount, 2)
             WHERE coalesce(po_value, 0) = 0 AND amount > 0;
            GET DIAGNOSTICS changed = ROW_COUNT;
            PERFORM pg_temp.adopt_count('vendor_order', 'po_value', 'null_filled', changed, 'amount');
        END IF;
    END IF;
    PERFORM pg_temp.adopt_fill_listed('vendor_order', 'po_value', '0', 'money_missing');

    WITH judged AS (
        SELECT vendor_order.id, sum(line.total_price) = vendor_order.po_value AS fits
          FROM "Finances".vendor_order
          LEFT JOIN "Finances".vendor_order_line_item AS line ON line.vendor_order_id = vendor_order.id
         GROUP BY vendor_order.id
    )
    UPDATE "Finances".vendor_order
       SET stated_value = po_value, value_basis = CASE WHEN judged.fits THEN 'lines' ELSE 'stated' END
      FROM judged
     WHERE judged.id = vendor_order.id;

    INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
    SELECT 'vendor_order', vendor_order.id::text, 'line_value_conflict',
           jsonb_build_object('po_value', vendor_order.po_value, 'lines_total', coalesce(summed.total, 0))
      FROM "Finances".vendor_order AS vendor_order
      JOIN (
               SELECT vendor_order_id, sum(total_price) AS total
                 FROM "Finances".vendor_order_line_item
                GROUP BY vendor_order_id
           ) AS summed ON summed.vendor_order_id = vendor_order.id
     WHERE vendor_order.value_basis = 'stated'
     ORDER BY vendor_order.id;
END
$$;

-- 8.7 Vendor payments and links.
DO $$
DECLARE
    changed bigint;
BEGIN
    PERFORM pg_temp.adopt_fill_listed('vendor_payment', 'amount', '0', 'money_missing');
    PERFORM pg_temp.adopt_fill(
        'vendor_payment', 'payment_date', format('(created_at AT TIME ZONE %L)::date', pg_temp.adopt_timezone()),
        label => 'date of created_at');
    IF pg_temp.adopt_was_added('vendor_payment', 'version') THEN
        PERFORM pg_temp.adopt_fill(
            'vendor_payment', 'vendor_id',
            '(SELECT parent.vendor_id FROM "Finances".vendor_order AS parent WHERE parent.id = vendor_payment.vendor_order_id)',
            label => 'vendor of the order');
        UPDATE "Finances".vendor_payment AS payment
           SET project_id = parent.project_id
          FROM "Finances".vendor_order AS parent
         WHERE parent.id = payment.vendor_order_id AND payment.project_id IS NULL AND parent.project_id IS NOT NULL;
        GET DIAGNOSTICS changed = ROW_COUNT;
        PERFORM pg_temp.adopt_count('vendor_payment', 'project_id', 'null_filled', changed, 'project of the order');
    END IF;

    PERFORM pg_temp.adopt_fill(
        'payment_vendor_link', 'link_type',
        'CASE WHEN vendor_payment_id IS NULL AND payment_id IS NOT NULL THEN ''incoming'' ELSE ''outgoing'' END',
        label => 'which payment the link names');
    PERFORM pg_temp.adopt_fill(
        'payment_vendor_link', 'amount_allocated',
        'coalesce(
             (SELECT paid.amount FROM "Finances".vendor_payment AS paid WHERE paid.id = payment_vendor_link.vendor_payment_id),
             (SELECT received.amount FROM "Finances".client_payment AS received WHERE received.id = payment_vendor_link.payment_id))',
        label => 'amount of the payment');
END
$$;

-- 8.8 Bills and their lines.
DO $$
DECLARE
    pair    record;
    changed bigint;
BEGIN
    PERFORM pg_temp.adopt_fill(
        'billing_po', 'project_id',
        '(SELECT po.project_id FROM "Finances".client_po AS po WHERE po.id = billing_po.client_po_id)',
        label => 'project of the order');
    PERFORM pg_temp.adopt_fill(
        'billing_po', 'client_id',
        '(SELECT po.client_id FROM "Finances".client_po AS po WHERE po.id = billing_po.client_po_id)',
        label => 'client of the order');

    IF pg_temp.adopt_was_added('billing_po', 'revises_id') THEN
        IF pg_temp.adopt_has('billing_po', 'amount') THEN
            PERFORM pg_temp.adopt_check_figures('billing_po', 'amount', 15, 2);
            UPDATE "Finances".billing_po
               SET billed_value = round(amount, 2)
             WHERE coalesce(billed_value, 0) = 0 AND amount <> 0;
            GET DIAGNOSTICS changed = ROW_COUNT;
            PERFORM pg_temp.adopt_count('billing_po', 'billed_value', 'null_filled', changed, 'amount');
        END IF;
        PERFORM pg_temp.adopt_fill_listed('billing_po', 'billed_value', '0', 'money_missing');
        PERFORM pg_temp.adopt_fill('billing_po', 'billed_gst', '0');
        IF pg_temp.adopt_was_added('billing_po', 'billed_total') THEN
            UPDATE "Finances".billing_po SET billed_total = billed_value + billed_gst;
        ELSE
            PERFORM pg_temp.adopt_fill('billing_po', 'billed_total', 'billed_value + billed_gst');
        END IF;
        PERFORM pg_temp.adopt_list(
            'billing_po', 'billing_total_mismatch', 'billed_total <> billed_value + billed_gst',
            'billed_value', 'billed_gst', 'billed_total');
        PERFORM pg_temp.adopt_list(
            'billing_po', 'billing_draft', 'upper(btrim(status)) IN (''DRAFT'', ''PENDING'')', 'status', 'billed_value', 'billed_total');
    END IF;

    FOR pair IN
        SELECT fresh, old, expression
          FROM (VALUES
                   ('description', 'item_description', 'item_description::text'),
                   ('qty', 'quantity', 'round(quantity, 4)'),
                   ('rate', 'unit_price', 'round(unit_price, 4)'),
                   ('total', 'amount', 'round(amount, 2)')
               ) AS family (fresh, old, expression)
         WHERE pg_temp.adopt_has('billing_po_line_item', old)
    LOOP
        IF pg_temp.adopt_was_added('billing_po_line_item', 'legacy_id') THEN
            IF pair.old <> 'item_description' THEN
                PERFORM pg_temp.adopt_check_figures(
                    'billing_po_line_item', pair.old, 15, CASE pair.old WHEN 'amount' THEN 2 ELSE 4 END);
            END IF;
            PERFORM pg_temp.adopt_list(
                'billing_po_line_item', 'line_value_conflict',
                format('%I <> %s', pair.fresh, pair.expression), pair.fresh, pair.old);
        END IF;
        PERFORM pg_temp.adopt_fill('billing_po_line_item', pair.fresh, pair.expression);
    END LOOP;
END
$$;

DO $$
BEGIN
    PERFORM pg_temp.adopt_fill_listed('quotation', 'subtotal', '0', 'money_missing');
    PERFORM pg_temp.adopt_fill_listed('quotation', 'total_gst', '0', 'money_missing');
    PERFORM pg_temp.adopt_fill_listed('quotation', 'total_amount', '0', 'money_missing');
END
$$;

-- 8.9 Documents and uploads. A name that is cut would name no file.
DO $$
DECLARE
    stored constant text := 'substring(document_path FROM ''(?:^|/)uploads/([^/]+)$'')';
BEGIN
    PERFORM pg_temp.adopt_fill(
        'project_document', 'original_filename', 'left(nullif(btrim(document_name), ''''), 255)', label => 'document_name');
    PERFORM pg_temp.adopt_fill(
        'project_document', 'original_filename',
        'left(nullif(btrim(substring(document_path FROM ''[^/]*$'')), ''''), 255)', label => 'document_path');
    PERFORM pg_temp.adopt_fill('project_document', 'original_filename', '''document-'' || id', label => 'id');
    IF pg_temp.adopt_was_added('project_document', 'compressed_filename') THEN
        PERFORM pg_temp.adopt_fill(
            'project_document', 'compressed_filename', stored,
            format('document_path ILIKE ''%%.zip'' AND length(%s) <= 500', stored));
    END IF;
    IF pg_temp.adopt_was_added('project_document', 'stored_filename') THEN
        PERFORM pg_temp.adopt_fill(
            'project_document', 'stored_filename', stored,
            format('document_path NOT ILIKE ''%%.zip'' AND length(%s) <= 500', stored));
    END IF;

    PERFORM pg_temp.adopt_fill('upload_session', 'metadata', '''{}''::jsonb');
    PERFORM pg_temp.adopt_fill('upload_file', 'metadata', '''{}''::jsonb');
    PERFORM pg_temp.adopt_fill('upload_stats', 'total_uploads', '0');
    PERFORM pg_temp.adopt_fill('upload_stats', 'total_downloads', '0');
    PERFORM pg_temp.adopt_fill('upload_stats', 'total_size_bytes', '0');
    IF pg_temp.adopt_was_added('upload_stats', 'total_uploads') THEN
        UPDATE "Finances".upload_stats AS stats
           SET total_uploads = counted.files
          FROM (SELECT session_id, count(*) AS files FROM "Finances".upload_file GROUP BY session_id) AS counted
         WHERE counted.session_id = stats.session_id;
    END IF;
END
$$;

-- JSON kept as JSON text, some of it printed by another language.
DO $$
DECLARE
    holder record;
BEGIN
    FOR holder IN
        SELECT tab, col
          FROM (VALUES ('upload_session', 'metadata'), ('upload_file', 'metadata'), ('vendor', 'rate_configuration')) AS json (tab, col)
    LOOP
        EXECUTE format(
            'INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
             SELECT %1$L, id::text, ''json_unreadable'', jsonb_build_object(''column'', %2$L::text)
               FROM "Finances".%3$I
              WHERE jsonb_typeof(%4$I) = ''string'' AND pg_temp.adopt_json(%4$I #>> ''{}'') IS NULL
              ORDER BY id',
            holder.tab, holder.col, holder.tab, holder.col);
        EXECUTE format(
            'UPDATE "Finances".%1$I
                SET %2$I = coalesce(pg_temp.adopt_json(%2$I #>> ''{}''), jsonb_build_object(''legacy_text'', %2$I #>> ''{}''))
              WHERE jsonb_typeof(%2$I) = ''string''',
            holder.tab, holder.col);
    END LOOP;
END
$$;

-- 8.10 Users: the first is the admin.
DO $$
DECLARE
    others constant text := coalesce(nullif(btrim(current_setting('nexgen.legacy_user_role', true)), ''), 'editor');
BEGIN
    IF pg_temp.adopt_was_added('user', 'role') THEN
        UPDATE "Finances"."user"
           SET role = CASE WHEN id = (SELECT min(id) FROM "Finances"."user") THEN 'admin' ELSE others END
         WHERE role IS NULL;
        PERFORM pg_temp.adopt_list('user', 'user_role_assigned', 'true', 'role');
    END IF;
    INSERT INTO pg_temp.adopt_finding (table_name, rule, kept)
    SELECT 'user', 'bad_hash', jsonb_build_object('rows', count(*))
      FROM "Finances"."user"
     WHERE password_hash IS NULL OR password_hash !~ '^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$'
    HAVING count(*) > 0;
END
$$;

-- ============================================================================================================================
-- 9. Normalise words, list what is doubtful.
-- ============================================================================================================================

DO $$
DECLARE
    payment_words constant text[] :=
        ARRAY['pending', 'processing', 'cleared', 'completed', 'reconciled', 'bounced', 'failed', 'cancelled'];
    payment_modes constant text[] :=
        ARRAY['neft', 'imps', 'rtgs', 'cheque', 'cash', 'upi', 'bank_transfer', 'card', 'demand_draft', 'other'];
    work_synonyms constant jsonb := '{"ongoing": "in_progress", "in-progress": "in_progress"}';
BEGIN
    PERFORM pg_temp.adopt_words(
        'project', 'status', 'active', ARRAY['active', 'completed', 'on-hold', 'cancelled'], '{"on_hold": "on-hold"}');
    PERFORM pg_temp.adopt_words(
        'client_po', 'status', 'pending', ARRAY['draft', 'pending', 'active', 'completed', 'cancelled'], '{"fulfilled": "completed"}');
    PERFORM pg_temp.adopt_words(
        'client_po', 'po_type', 'standard', ARRAY['standard', 'verbal_agreement', 'additional', 'amendment', 'proforma']);
    PERFORM pg_temp.adopt_words('client_payment', 'status', 'pending', payment_words);
    PERFORM pg_temp.adopt_words('vendor_payment', 'status', 'pending', payment_words);
    PERFORM pg_temp.adopt_words('client_payment', 'payment_mode', 'neft', payment_modes, '{"imap": "imps"}', 'snake');
    PERFORM pg_temp.adopt_words('vendor_payment', 'payment_mode', 'bank_transfer', payment_modes, '{"imap": "imps"}', 'snake');
    PERFORM pg_temp.adopt_words(
        'client_payment', 'payment_stage', 'other',
        ARRAY['advance', 'partial', 'interim', 'running', 'milestone', 'final', 'retention', 'other']);
    PERFORM pg_temp.adopt_words('client_payment', 'transaction_type', 'credit', ARRAY['credit', 'debit']);
    PERFORM pg_temp.adopt_words('vendor', 'status', 'active', ARRAY['active', 'inactive', 'suspended', 'blacklisted']);
    PERFORM pg_temp.adopt_words(
        'vendor_order', 'status', 'pending',
        ARRAY['pending', 'approved', 'rejected', 'in_progress', 'completed', 'cancelled'], work_synonyms);
    PERFORM pg_temp.adopt_words(
        'vendor_order', 'work_status', 'pending', ARRAY['pending', 'in_progress', 'completed', 'cancelled'], work_synonyms);
    PERFORM pg_temp.adopt_words(
        'vendor_order', 'payment_status', 'pending', ARRAY['pending', 'partial', 'paid'],
        '{"unpaid": "pending", "partially_paid": "partial", "completed": "paid"}');
    PERFORM pg_temp.adopt_words(
        'vendor_order_line_item', 'status', 'pending',
        ARRAY['pending', 'ordered', 'shipped', 'in_progress', 'delivered', 'completed', 'cancelled'], work_synonyms);
    -- A bill without a status is not taken for a final one: it stays NULL and is listed.
    PERFORM pg_temp.adopt_words(
        'billing_po', 'status', NULL, ARRAY['DRAFT', 'FINAL', 'APPROVED', 'CANCELLED'], '{"PENDING": "DRAFT"}', 'upper');
    PERFORM pg_temp.adopt_words('quotation', 'status', 'saved', ARRAY['saved']);
    PERFORM pg_temp.adopt_words('upload_session', 'status', 'active', ARRAY['active', 'expired', 'closed']);
    PERFORM pg_temp.adopt_words('upload_file', 'status', 'active', ARRAY['active', 'deleted', 'quarantined']);
    PERFORM pg_temp.adopt_words('user', 'role', NULL, ARRAY['admin', 'editor', 'viewer']);

    PERFORM pg_temp.adopt_gstin('vendor', 'gstin');
    PERFORM pg_temp.adopt_gstin('client', 'gstin');
    PERFORM pg_temp.adopt_gstin('client_po', 'vendor_gstin');
    PERFORM pg_temp.adopt_gstin('client_po', 'bill_to_gstin');

    PERFORM pg_temp.adopt_list('client_po', 'placeholder_number', 'po_number ~ ''^PENDING-[0-9]+$''', 'po_number');
    PERFORM pg_temp.adopt_list('site', 'store_id_suspect', 'store_id ~* ''^(FY|[A-Z])[0-9]{2}$''', 'store_id');
    PERFORM pg_temp.adopt_list('client_payment', 'tds_over_amount', 'tds_amount > amount', 'tds_amount', 'amount');
    -- Proforma lines into which an old parser wrote the tax instead of the rate.
    PERFORM pg_temp.adopt_list(
        'client_po_line_item', 'line_rate_is_tax',
        'rate <> 0 AND unit_price = rate AND coalesce(gst_amount, 0) = 0
         AND abs(gross_amount - total_price - rate) <= 0.01 AND round(quantity * rate, 2) <> total_price',
        'quantity', 'unit_price', 'rate', 'total_price', 'gst_amount', 'gross_amount');
    PERFORM pg_temp.adopt_list('client_po', 'null_kept', 'client_id IS NULL', 'client_id');
    PERFORM pg_temp.adopt_list('client_payment', 'null_kept', 'payment_date IS NULL', 'payment_date');
    PERFORM pg_temp.adopt_list('quotation_line_item', 'null_kept', 'quotation_id IS NULL', 'quotation_id');

    -- Orders that are their own parent, directly or over others.
    INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
    WITH RECURSIVE ancestor (client_po_id, parent_po_id) AS (
        SELECT id, parent_po_id FROM "Finances".client_po WHERE parent_po_id IS NOT NULL
        UNION
        SELECT ancestor.client_po_id, parent.parent_po_id
          FROM ancestor
          JOIN "Finances".client_po AS parent ON parent.id = ancestor.parent_po_id
         WHERE parent.parent_po_id IS NOT NULL
    )
    SELECT 'client_po', po.id::text, 'parent_cycle', jsonb_build_object('parent_po_id', po.parent_po_id)
      FROM "Finances".client_po AS po
     WHERE EXISTS (SELECT 1 FROM ancestor WHERE ancestor.client_po_id = po.id AND ancestor.parent_po_id = po.id)
     ORDER BY po.id;
END
$$;

-- The history of a payment starts with the state in which it was found.
DO $$
DECLARE
    ledger text;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['client_payment', 'vendor_payment'] LOOP
        IF pg_temp.adopt_was_added(ledger, 'version') THEN
            EXECUTE format(
                'INSERT INTO "Finances".audit_entry (at, action, entity, entity_id, after)
                 SELECT coalesce(created_at, now()), ''created'', %L, id::text, jsonb_build_object(''status'', status)
                   FROM "Finances".%I
                  ORDER BY id',
                ledger, ledger);
        END IF;
    END LOOP;
END
$$;

-- ============================================================================================================================
-- 10. Seed: the two clients whose documents can be read. Before the unique name, so that a namesake under another id is reported.
-- ============================================================================================================================

INSERT INTO "Finances".client (id, name, bundle_by_store) OVERRIDING SYSTEM VALUE
SELECT seed.id, seed.name, seed.bundle_by_store
  FROM (VALUES (1::bigint, 'Bajaj', false), (2::bigint, 'Dava India', true)) AS seed (id, name, bundle_by_store)
 WHERE NOT EXISTS (SELECT 1 FROM "Finances".client WHERE client.id = seed.id)
    ON CONFLICT DO NOTHING;

INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
SELECT 'client', client.id::text, 'seed_name_differs', jsonb_build_object('name', client.name, 'expected', seed.name)
  FROM (VALUES (1::bigint, 'Bajaj'), (2::bigint, 'Dava India')) AS seed (id, name)
  JOIN "Finances".client ON client.id = seed.id
 WHERE lower(btrim(client.name)) <> lower(seed.name)
 ORDER BY client.id;

-- ============================================================================================================================
-- 11. Defaults, NOT NULL, unique keys, foreign keys, checks, indexes.
-- ============================================================================================================================

-- 11.1 NOT NULL as in part 2, where no row is in the way.
DO $$
DECLARE
    wanted record;
    empty  bigint;
BEGIN
    FOR wanted IN
        SELECT tab, attribute.attname AS col
          FROM pg_temp.adopt_tables() WITH ORDINALITY AS listed (tab, listed_at)
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = format('pg_temp.%I', 'wanted_' || tab)::regclass
           AND attribute.attnum > 0
           AND attribute.attnotnull
          JOIN pg_catalog.pg_attribute AS present
            ON present.attrelid = pg_temp.adopt_table(tab)
           AND present.attname = attribute.attname
           AND NOT present.attnotnull
         ORDER BY listed_at, attribute.attnum
    LOOP
        EXECUTE format('SELECT count(*) FROM "Finances".%I WHERE %I IS NULL', wanted.tab, wanted.col) INTO empty;
        IF empty = 0 THEN
            EXECUTE format('ALTER TABLE "Finances".%I ALTER COLUMN %I SET NOT NULL', wanted.tab, wanted.col);
        ELSE
            PERFORM pg_temp.adopt_list(wanted.tab, 'null_kept', format('%I IS NULL', wanted.col), wanted.col);
            PERFORM pg_temp.adopt_left_out(
                wanted.tab, format('%s_%s_not_null', wanted.tab, wanted.col),
                format('ALTER TABLE "Finances".%I ALTER COLUMN %I SET NOT NULL', wanted.tab, wanted.col));
        END IF;
    END LOOP;
END
$$;

-- 11.2 Unique keys.
DO $$
BEGIN
    PERFORM pg_temp.adopt_unique('user', 'u', 'user_username_key', 'username');
    PERFORM pg_temp.adopt_unique('user', 'u', 'user_email_key', 'email');
    PERFORM pg_temp.adopt_unique_index('user', 'user_username_lower_key', 'lower(username)', 'true', 'case_twin');
    PERFORM pg_temp.adopt_unique_index('user', 'user_email_lower_key', 'lower(email)', 'true', 'case_twin');
    PERFORM pg_temp.adopt_unique_index('client', 'client_name_lower_key', 'lower(name)');
    PERFORM pg_temp.adopt_unique('site', 'u', 'site_store_id_key', 'store_id');
    PERFORM pg_temp.adopt_unique('client_po', 'u', 'client_po_po_number_key', 'po_number');
    PERFORM pg_temp.adopt_unique(
        'po_project_mapping', 'u', 'po_project_mapping_client_po_id_project_id_key', 'client_po_id', 'project_id');
    PERFORM pg_temp.adopt_unique_index('po_project_mapping', 'po_project_mapping_one_primary_key', 'project_id', 'is_primary');
    PERFORM pg_temp.adopt_unique(
        'payment_vendor_link', 'u', 'payment_vendor_link_vendor_payment_id_vendor_order_id_key', 'vendor_payment_id', 'vendor_order_id');
    PERFORM pg_temp.adopt_unique(
        'payment_vendor_link', 'u', 'payment_vendor_link_vendor_order_id_payment_id_key', 'vendor_order_id', 'payment_id');
    PERFORM pg_temp.adopt_unique('billing_po', 'u', 'billing_po_legacy_id_key', 'legacy_id');
    PERFORM pg_temp.adopt_unique_index('billing_po', 'billing_po_one_revision_key', 'revises_id', 'status <> ''CANCELLED''');
    PERFORM pg_temp.adopt_unique('billing_po_line_item', 'u', 'billing_po_line_item_legacy_id_key', 'legacy_id');
    PERFORM pg_temp.adopt_unique('upload_session', 'u', 'upload_session_session_id_key', 'session_id');
    PERFORM pg_temp.adopt_unique('upload_stats', 'u', 'upload_stats_session_id_key', 'session_id');
    PERFORM pg_temp.adopt_unique('refresh_token', 'u', 'refresh_token_token_hash_key', 'token_hash');
END
$$;

-- 11.3 Foreign keys.
DO $$
BEGIN
    PERFORM pg_temp.adopt_foreign_key('project', 'client_id', 'client', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('client_po', 'client_id', 'client', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('client_po', 'project_id', 'project', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('client_po', 'parent_po_id', 'client_po', 'SET NULL');
    PERFORM pg_temp.adopt_foreign_key('client_po', 'vendor_id', 'vendor', 'SET NULL');
    PERFORM pg_temp.adopt_foreign_key('client_po', 'site_id', 'site', 'SET NULL');
    PERFORM pg_temp.adopt_foreign_key('client_po_line_item', 'client_po_id', 'client_po', 'CASCADE');
    PERFORM pg_temp.adopt_foreign_key('po_project_mapping', 'client_po_id', 'client_po', 'CASCADE');
    PERFORM pg_temp.adopt_foreign_key('po_project_mapping', 'project_id', 'project', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('client_payment', 'client_id', 'client', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('client_payment', 'client_po_id', 'client_po', 'RESTRICT', 'payment_orphan');
    PERFORM pg_temp.adopt_foreign_key('vendor_order', 'vendor_id', 'vendor', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('vendor_order', 'project_id', 'project', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('vendor_order', 'client_po_id', 'client_po', 'SET NULL');
    PERFORM pg_temp.adopt_foreign_key('vendor_order_line_item', 'vendor_order_id', 'vendor_order', 'CASCADE');
    PERFORM pg_temp.adopt_foreign_key('vendor_order_line_item', 'vendor_id', 'vendor', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('vendor_order_line_item', 'client_line_item_id', 'client_po_line_item', 'SET NULL');
    PERFORM pg_temp.adopt_foreign_key('vendor_payment', 'vendor_id', 'vendor', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('vendor_payment', 'vendor_order_id', 'vendor_order', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('vendor_payment', 'project_id', 'project', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('payment_vendor_link', 'vendor_order_id', 'vendor_order', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('payment_vendor_link', 'payment_id', 'client_payment', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('payment_vendor_link', 'vendor_payment_id', 'vendor_payment', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('billing_po', 'client_po_id', 'client_po', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('billing_po', 'project_id', 'project', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('billing_po', 'approved_by', 'user', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('billing_po', 'revises_id', 'billing_po', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('billing_po_line_item', 'billing_po_id', 'billing_po', 'CASCADE');
    PERFORM pg_temp.adopt_foreign_key('quotation_line_item', 'quotation_id', 'quotation', 'CASCADE');
    PERFORM pg_temp.adopt_foreign_key('project_document', 'project_id', 'project', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('project_document', 'client_po_id', 'client_po', 'RESTRICT');
    PERFORM pg_temp.adopt_foreign_key('project_document', 'uploaded_by', 'user', 'SET NULL');
    PERFORM pg_temp.adopt_foreign_key('upload_session', 'created_by', 'user', 'SET NULL');
    PERFORM pg_temp.adopt_foreign_key('upload_file', 'session_id', 'upload_session', 'RESTRICT', 'orphan_fk', 'session_id');
    PERFORM pg_temp.adopt_foreign_key('upload_file', 'uploader_id', 'user', 'SET NULL');
    PERFORM pg_temp.adopt_foreign_key('refresh_token', 'user_id', 'user', 'CASCADE');
END
$$;

-- 11.4 Checks. Words first: rows that hold another one have been listed.
DO $$
DECLARE
    word record;
BEGIN
    FOR word IN SELECT table_name, column_name, words FROM pg_temp.adopt_word LOOP
        PERFORM pg_temp.adopt_check(
            word.table_name, format('%s_%s_known', word.table_name, word.column_name),
            format('%I IN (%s)', word.column_name, (SELECT string_agg(quote_literal(allowed), ', ') FROM unnest(word.words) AS allowed)));
    END LOOP;
    PERFORM pg_temp.adopt_check('project', 'project_latitude_range', 'latitude BETWEEN -90 AND 90', 'latitude');
    PERFORM pg_temp.adopt_check('project', 'project_longitude_range', 'longitude BETWEEN -180 AND 180', 'longitude');
    PERFORM pg_temp.adopt_check('client_po', 'client_po_po_value_not_negative', 'po_value >= 0', 'po_value');
    PERFORM pg_temp.adopt_check('client_po', 'client_po_value_basis_known', 'value_basis IN (''lines'', ''stated'')', 'value_basis');
    PERFORM pg_temp.adopt_check(
        'client_po_line_item', 'client_po_line_item_quantity_not_negative', 'quantity >= 0', 'quantity');
    PERFORM pg_temp.adopt_check('client_payment', 'client_payment_amount_positive', 'amount > 0', 'amount');
    PERFORM pg_temp.adopt_check('client_payment', 'client_payment_tds_amount_not_negative', 'tds_amount >= 0', 'tds_amount');
    PERFORM pg_temp.adopt_check(
        'vendor_order', 'vendor_order_value_basis_known', 'value_basis IN (''lines'', ''stated'')', 'value_basis');
    PERFORM pg_temp.adopt_check(
        'vendor_order_line_item', 'vendor_order_line_item_delivery_progress_range', 'delivery_progress BETWEEN 0 AND 100',
        'delivery_progress');
    PERFORM pg_temp.adopt_check('vendor_payment', 'vendor_payment_amount_positive', 'amount > 0', 'amount');
    PERFORM pg_temp.adopt_check(
        'payment_vendor_link', 'payment_vendor_link_link_type_known', 'link_type IN (''incoming'', ''outgoing'')', 'link_type');
    PERFORM pg_temp.adopt_check(
        'payment_vendor_link', 'payment_vendor_link_one_payment', 'num_nonnulls(payment_id, vendor_payment_id) = 1',
        'payment_id', 'vendor_payment_id');
    PERFORM pg_temp.adopt_check('quotation_line_item', 'quotation_line_item_tax_range', 'tax BETWEEN 0 AND 100', 'tax');
    PERFORM pg_temp.adopt_check(
        'project_document', 'project_document_project_or_po', 'project_id IS NOT NULL OR client_po_id IS NOT NULL',
        'project_id', 'client_po_id');
    PERFORM pg_temp.adopt_check('quota_counter', 'quota_counter_kind_known', 'kind IN (''upload'', ''download'')', 'kind');
    PERFORM pg_temp.adopt_check('idempotency_key', 'idempotency_key_state_known', 'state IN (''running'', ''done'')', 'state');
END
$$;

-- 11.5 Indexes: every foreign key, every filter of a list, every order of a list. Plain (column, id) serves `column, id` upwards and,
--      read backwards, downwards with NULLs first; lists whose order differs have their own. An index that others begin with, or a
--      unique key, would only cost writes. The payment status of a vendor order is computed, so an index on the word is of no use.
SELECT pg_temp.adopt_index(tab, index_name, definition)
  FROM (VALUES
    ('user', 'user_role_idx', '(role)'),
    ('user', 'user_created_at_idx', '(created_at, id)'),
    ('client', 'client_name_idx', '(name, id)'),
    ('client', 'client_created_at_idx', '(created_at, id)'),
    ('project', 'project_client_id_idx', '(client_id, id)'),
    ('project', 'project_name_lower_idx', '(lower(name))'),
    ('project', 'project_name_idx', '(name, id)'),
    ('project', 'project_status_idx', '(status, id)'),
    ('project', 'project_city_state_idx', '(city, state)'),
    ('project', 'project_created_at_idx', '(created_at, id)'),
    ('project', 'project_updated_at_idx', '(updated_at, id)'),
    ('site', 'site_name_lower_idx', '(lower(site_name))'),
    ('vendor', 'vendor_name_idx', '(name, id)'),
    ('vendor', 'vendor_name_lower_idx', '(lower(name))'),
    ('vendor', 'vendor_gstin_lower_idx', '(lower(gstin))'),
    ('vendor', 'vendor_status_idx', '(status, name, id)'),
    ('vendor', 'vendor_created_at_idx', '(created_at, id)'),
    ('client_po', 'client_po_parent_po_id_idx', '(parent_po_id)'),
    ('client_po', 'client_po_po_type_idx', '(po_type)'),
    ('client_po', 'client_po_vendor_id_idx', '(vendor_id)'),
    ('client_po', 'client_po_site_id_idx', '(site_id)'),
    ('client_po', 'client_po_pi_number_idx', '(pi_number)'),
    ('client_po', 'client_po_list_idx', '(store_id DESC NULLS LAST, created_at DESC, id DESC)'),
    ('client_po', 'client_po_client_list_idx', '(client_id, store_id DESC NULLS LAST, created_at DESC, id DESC)'),
    ('client_po', 'client_po_project_list_idx', '(project_id, store_id DESC NULLS LAST, created_at DESC, id DESC)'),
    ('client_po', 'client_po_status_list_idx', '(status, store_id DESC NULLS LAST, created_at DESC, id DESC)'),
    ('client_po', 'client_po_po_date_idx', '(po_date, id)'),
    ('client_po', 'client_po_pi_date_idx', '(pi_date, id)'),
    ('client_po', 'client_po_po_value_idx', '(po_value, id)'),
    ('client_po', 'client_po_created_at_idx', '(created_at, id)'),
    ('client_po_line_item', 'client_po_line_item_client_po_id_idx', '(client_po_id, id)'),
    ('po_project_mapping', 'po_project_mapping_project_id_idx', '(project_id, sequence_order, id)'),
    ('client_payment', 'client_payment_client_po_id_idx', '(client_po_id, payment_date DESC NULLS LAST, id DESC)'),
    ('client_payment', 'client_payment_client_id_idx', '(client_id, payment_date DESC NULLS LAST, id DESC)'),
    ('client_payment', 'client_payment_status_idx', '(status, payment_date DESC NULLS LAST, id DESC)'),
    ('client_payment', 'client_payment_payment_date_idx', '(payment_date DESC NULLS LAST, id DESC)'),
    ('client_payment', 'client_payment_payment_mode_idx', '(payment_mode, payment_date DESC NULLS LAST, id DESC)'),
    ('client_payment', 'client_payment_transaction_type_idx', '(transaction_type, payment_date DESC NULLS LAST, id DESC)'),
    ('client_payment', 'client_payment_reference_number_idx', '(reference_number)'),
    ('client_payment', 'client_payment_batch_reference_idx', '(batch_reference)'),
    ('client_payment', 'client_payment_amount_idx', '(amount, id)'),
    ('client_payment', 'client_payment_created_at_idx', '(created_at, id)'),
    ('vendor_order', 'vendor_order_vendor_id_idx', '(vendor_id, created_at DESC, id DESC)'),
    ('vendor_order', 'vendor_order_project_id_idx', '(project_id, created_at DESC, id DESC)'),
    ('vendor_order', 'vendor_order_client_po_id_idx', '(client_po_id)'),
    ('vendor_order', 'vendor_order_category_lower_idx', '(lower(category))'),
    ('vendor_order', 'vendor_order_status_idx', '(status, created_at DESC, id DESC)'),
    ('vendor_order', 'vendor_order_work_status_idx', '(work_status, created_at DESC, id DESC)'),
    ('vendor_order', 'vendor_order_po_number_idx', '(po_number, id)'),
    ('vendor_order', 'vendor_order_po_date_idx', '(po_date, id)'),
    ('vendor_order', 'vendor_order_due_date_idx', '(due_date, id)'),
    ('vendor_order', 'vendor_order_po_value_idx', '(po_value, id)'),
    ('vendor_order', 'vendor_order_created_at_idx', '(created_at, id)'),
    ('vendor_order_line_item', 'vendor_order_line_item_vendor_order_id_idx', '(vendor_order_id, id)'),
    ('vendor_order_line_item', 'vendor_order_line_item_vendor_id_idx', '(vendor_id)'),
    ('vendor_order_line_item', 'vendor_order_line_item_client_line_item_id_idx', '(client_line_item_id)'),
    ('vendor_payment', 'vendor_payment_vendor_id_idx', '(vendor_id, payment_date DESC NULLS LAST, id DESC)'),
    ('vendor_payment', 'vendor_payment_vendor_order_id_idx', '(vendor_order_id, payment_date DESC NULLS LAST, id DESC)'),
    ('vendor_payment', 'vendor_payment_project_id_idx', '(project_id, payment_date DESC NULLS LAST, id DESC)'),
    ('vendor_payment', 'vendor_payment_status_idx', '(status, payment_date DESC NULLS LAST, id DESC)'),
    ('vendor_payment', 'vendor_payment_payment_date_idx', '(payment_date DESC NULLS LAST, id DESC)'),
    ('vendor_payment', 'vendor_payment_payment_mode_idx', '(payment_mode, payment_date DESC NULLS LAST, id DESC)'),
    ('vendor_payment', 'vendor_payment_reference_number_idx', '(reference_number)'),
    ('vendor_payment', 'vendor_payment_batch_reference_idx', '(batch_reference)'),
    ('vendor_payment', 'vendor_payment_amount_idx', '(amount, id)'),
    ('vendor_payment', 'vendor_payment_created_at_idx', '(created_at, id)'),
    ('payment_vendor_link', 'payment_vendor_link_vendor_order_id_idx', '(vendor_order_id, linked_at DESC, id DESC)'),
    ('payment_vendor_link', 'payment_vendor_link_payment_id_idx', '(payment_id)'),
    ('payment_vendor_link', 'payment_vendor_link_link_type_idx', '(link_type, linked_at DESC, id DESC)'),
    ('payment_vendor_link', 'payment_vendor_link_linked_at_idx', '(linked_at, id)'),
    ('payment_vendor_link', 'payment_vendor_link_amount_allocated_idx', '(amount_allocated, id)'),
    ('billing_po', 'billing_po_project_id_status_idx', '(project_id, status)'),
    ('billing_po', 'billing_po_project_list_idx', '(project_id, created_at DESC, id)'),
    ('billing_po', 'billing_po_client_po_id_idx', '(client_po_id)'),
    ('billing_po', 'billing_po_approved_by_idx', '(approved_by)'),
    ('billing_po', 'billing_po_revises_id_idx', '(revises_id)'),
    ('billing_po_line_item', 'billing_po_line_item_billing_po_id_idx', '(billing_po_id, created_at, id)'),
    ('quotation', 'quotation_store_id_idx', '(store_id, created_at DESC, id DESC)'),
    ('quotation', 'quotation_status_idx', '(status, created_at DESC, id DESC)'),
    ('quotation', 'quotation_created_at_idx', '(created_at, id)'),
    ('quotation', 'quotation_total_amount_idx', '(total_amount, id)'),
    ('quotation_line_item', 'quotation_line_item_quotation_id_idx', '(quotation_id, id)'),
    ('project_document', 'project_document_project_id_idx', '(project_id, created_at DESC, id DESC)'),
    ('project_document', 'project_document_client_po_id_idx', '(client_po_id, created_at DESC, id DESC)'),
    ('project_document', 'project_document_uploaded_by_idx', '(uploaded_by)'),
    ('project_document', 'project_document_document_type_idx', '(document_type, created_at DESC, id DESC)'),
    ('project_document', 'project_document_file_hash_idx', '(file_hash)'),
    ('project_document', 'project_document_original_filename_idx', '(original_filename, id)'),
    ('project_document', 'project_document_created_at_idx', '(created_at, id)'),
    ('upload_session', 'upload_session_created_by_idx', '(created_by)'),
    ('upload_session', 'upload_session_status_expires_at_idx', '(status, expires_at)'),
    ('upload_file', 'upload_file_session_id_idx', '(session_id, upload_timestamp DESC, id DESC)'),
    ('upload_file', 'upload_file_po_number_idx', '(po_number, upload_timestamp DESC, id DESC)'),
    ('upload_file', 'upload_file_uploader_id_upload_timestamp_idx', '(uploader_id, upload_timestamp)'),
    ('upload_file', 'upload_file_file_hash_idx', '(file_hash)'),
    ('refresh_token', 'refresh_token_user_id_idx', '(user_id)'),
    ('refresh_token', 'refresh_token_family_idx', '(family)'),
    ('refresh_token', 'refresh_token_expires_at_idx', '(expires_at)'),
    ('revoked_token', 'revoked_token_expires_at_idx', '(expires_at)'),
    ('login_failure', 'login_failure_username_lower_at_idx', '(lower(username), at)'),
    ('login_failure', 'login_failure_address_at_idx', '(address, at)'),
    ('login_failure', 'login_failure_at_idx', '(at)'),
    ('quota_counter', 'quota_counter_hour_idx', '(hour)'),
    ('idempotency_key', 'idempotency_key_created_at_idx', '(created_at)'),
    ('audit_entry', 'audit_entry_entity_entity_id_id_idx', '(entity, entity_id, id)'),
    ('audit_entry', 'audit_entry_actor_id_id_idx', '(actor_id, id)'),
    ('audit_entry', 'audit_entry_actor_name_id_idx', '(actor_name, id)'),
    ('audit_entry', 'audit_entry_action_id_idx', '(action, id)'),
    ('audit_entry', 'audit_entry_at_idx', '(at)'),
    ('audit_seal', 'audit_seal_last_id_idx', '(last_id)'),
    ('event', 'event_unpublished_idx', '(id) WHERE published_at IS NULL'),
    ('event', 'event_published_at_idx', '(published_at)'),
    ('adoption_report', 'adoption_report_run_id_rule_idx', '(run_id, rule)')
  ) AS wanted (tab, index_name, definition);

-- ============================================================================================================================
-- 12. The audit trail grows and never changes, for its owner too.
-- ============================================================================================================================

DO $$
BEGIN
    IF to_regprocedure('"Finances".refuse_audit_change()') IS NULL THEN
        CREATE FUNCTION "Finances".refuse_audit_change() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $function$
        BEGIN
            RAISE EXCEPTION 'audit_entry is append-only' USING ERRCODE = 'insufficient_privilege';
        END
        $function$;
    END IF;
    PERFORM 1
       FROM pg_catalog.pg_trigger
      WHERE tgrelid = pg_temp.adopt_table('audit_entry') AND tgname = 'audit_entry_append_only';
    IF NOT FOUND THEN
        CREATE TRIGGER audit_entry_append_only
            BEFORE UPDATE OR DELETE OR TRUNCATE ON "Finances".audit_entry
            FOR EACH STATEMENT EXECUTE FUNCTION "Finances".refuse_audit_change();
    END IF;
END
$$;

-- ============================================================================================================================
-- 13. Sequences once more, above the rows that were added here; what the planner knows of the tables, for the first requests.
-- ============================================================================================================================

SELECT pg_temp.adopt_advance(tab, col)
  FROM (VALUES ('client', 'id'), ('po_project_mapping', 'id')) AS grown (tab, col);

DO $$
DECLARE
    tab text;
BEGIN
    FOR tab IN SELECT * FROM pg_temp.adopt_tables() LOOP
        IF NOT pg_temp.adopt_was_added(tab, '*') THEN
            EXECUTE format('ANALYZE "Finances".%I', tab);
        END IF;
    END LOOP;
END
$$;

-- ============================================================================================================================
-- 14. Report. What an earlier run has reported in the same words is not repeated.
-- ============================================================================================================================

DO $$
DECLARE
    summary text;
BEGIN
    INSERT INTO pg_temp.adopt_finding (table_name, rule, kept)
    SELECT '*', 'legacy_timezone', jsonb_build_object('timezone', pg_temp.adopt_timezone(), 'columns', count(*))
      FROM pg_temp.adopt_action
     WHERE action = 'type' AND detail LIKE '%: timestamp without time zone to timestamp with time zone'
    HAVING count(*) > 0;

    WITH run AS (
        SELECT gen_random_uuid() AS id
    ), reported AS (
        INSERT INTO "Finances".adoption_report (run_id, table_name, row_id, rule, kept)
        SELECT run.id, finding.table_name, finding.row_id, finding.rule, finding.kept
          FROM run, pg_temp.adopt_finding AS finding
         WHERE NOT EXISTS (
                   SELECT 1
                     FROM "Finances".adoption_report AS earlier
                    WHERE earlier.table_name = finding.table_name
                      AND coalesce(earlier.row_id, '') = coalesce(finding.row_id, '')
                      AND earlier.rule = finding.rule
                      AND earlier.kept = finding.kept)
         ORDER BY finding.position
        RETURNING rule
    )
    SELECT string_agg(format('%s %s', counted.rule, counted.times), ', ' ORDER BY counted.rule)
      INTO summary
      FROM (SELECT reported.rule, count(*) AS times FROM reported GROUP BY reported.rule) AS counted;
    IF summary IS NOT NULL THEN
        RAISE WARNING 'adoption: old timestamps read as %; findings in "Finances".adoption_report: %', pg_temp.adopt_timezone(), summary;
    END IF;
END
$$;
