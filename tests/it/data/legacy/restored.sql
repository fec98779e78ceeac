-- What a restore from a backup leaves of any shape: columns, rows, defaults and indexes, no constraint and no sequence.

DO $$
DECLARE
    lost record;
BEGIN
    FOR lost IN
        SELECT conrelid::regclass AS tab, conname
          FROM pg_constraint
         WHERE connamespace = '"Finances"'::regnamespace AND contype IN ('p', 'u', 'f', 'c')
         ORDER BY contype = 'f' DESC
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', lost.tab, lost.conname);
    END LOOP;
    FOR lost IN
        SELECT oid::regclass AS sequence FROM pg_class WHERE relkind = 'S' AND relnamespace = '"Finances"'::regnamespace
    LOOP
        EXECUTE format('DROP SEQUENCE %s CASCADE', lost.sequence);
    END LOOP;
END
$$;
