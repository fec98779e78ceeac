-- Indexes for the search in texts, where PostgreSQL has the extension pg_trgm and lets the server's role create it. Without
-- them the same queries read the tables. Who installs the extension later calls the function once.

CREATE OR REPLACE FUNCTION "Finances".make_search_indexes() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    ops text;
BEGIN
    BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA "Finances";
    EXCEPTION WHEN undefined_file OR feature_not_supported OR insufficient_privilege THEN
        RAISE NOTICE 'search goes without an index: %', SQLERRM;
        RETURN FALSE;
    END;
    -- It may have been there before, in another schema.
    SELECT format('%I.gin_trgm_ops', namespace.nspname)
      INTO ops
      FROM pg_catalog.pg_extension AS extension
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = extension.extnamespace
     WHERE extension.extname = 'pg_trgm';
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS client_po_search_idx ON "Finances".client_po
         USING gin (po_number %1$s, pi_number %1$s, store_id %1$s)', ops);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS project_search_idx ON "Finances".project
         USING gin (name %1$s, location %1$s, city %1$s, state %1$s)', ops);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS quotation_search_idx ON "Finances".quotation
         USING gin (store_id %1$s, company_name %1$s, store_location %1$s)', ops);
    RETURN TRUE;
END
$$;

SELECT "Finances".make_search_indexes();
