-- Values that a column may hold and nobody can reckon with: NaN and infinite figures and dates, and what lies beyond what a figure
-- or a calendar of the program reaches. The adoption stops at them, in its own words; text_columns.sql has run before.

DO $$
DECLARE
    target record;
    fault  record;
BEGIN
    FOR target IN
        SELECT relation.relname AS tab,
               CASE WHEN bool_or(attribute.attname = 'id') THEN 'id' ELSE 'ctid' END AS row_key,
               string_agg(format('WHEN NOT (%s) THEN %L', known.possible, attribute.attname), ' ' ORDER BY attribute.attnum)
                   FILTER (WHERE known.possible IS NOT NULL) AS names,
               string_agg(format('WHEN NOT (%s) THEN %I::text', known.possible, attribute.attname), ' ' ORDER BY attribute.attnum)
                   FILTER (WHERE known.possible IS NOT NULL) AS shown,
               string_agg(format('NOT (%s)', known.possible), ' OR ' ORDER BY attribute.attnum)
                   FILTER (WHERE known.possible IS NOT NULL) AS condition
          FROM pg_catalog.pg_class AS relation
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = relation.oid
           AND attribute.attnum > 0
           AND NOT attribute.attisdropped
          LEFT JOIN LATERAL (
               SELECT CASE
                          WHEN attribute.atttypid IN ('numeric'::regtype, 'real'::regtype, 'double precision'::regtype)
                              THEN format('abs(%I) < 1e20', attribute.attname)
                          ELSE format('%1$I > ''-infinity'' AND %1$I < ''200000-01-01''', attribute.attname)
                      END AS possible
                 FROM pg_temp.text_columns() AS listed
                WHERE listed.col = attribute.attname
                  AND attribute.atttypid IN ('numeric'::regtype, 'real'::regtype, 'double precision'::regtype, 'date'::regtype,
                                             'timestamp'::regtype, 'timestamptz'::regtype)
               ) AS known ON true
         WHERE relation.relnamespace = to_regnamespace('"Finances"')
           AND relation.relkind IN ('r', 'p')
           AND relation.relname = ANY (pg_temp.text_tables())
         GROUP BY relation.relname
        HAVING bool_or(known.possible IS NOT NULL)
         ORDER BY relation.relname
    LOOP
        EXECUTE format(
            'SELECT %1$I::text AS row_id, CASE %2$s END AS col, left(CASE %3$s END, 60) AS value
               FROM "Finances".%4$I
              WHERE %5$s
              ORDER BY %1$I
              LIMIT 1',
            target.row_key, target.names, target.shown, target.tab, target.condition)
           INTO fault;
        IF fault.row_id IS NOT NULL THEN
            RAISE EXCEPTION 'adoption stopped: "Finances".%.% of row % is too large, or no number or date: "%"; correct the row and start again',
                target.tab, fault.col, fault.row_id, fault.value
                USING ERRCODE = 'data_exception';
        END IF;
    END LOOP;
END
$$;
