-- The triggers that old_triggers.sql has made rest work again as they did, those that are still there.

DO $$
DECLARE
    target record;
BEGIN
    IF to_regclass('pg_temp.old_trigger') IS NULL THEN
        RETURN;
    END IF;
    FOR target IN
        SELECT old.tab::regclass AS tab, old.name, old.mode
          FROM pg_temp.old_trigger AS old
          JOIN pg_catalog.pg_trigger AS trigger ON trigger.tgrelid = old.tab AND trigger.tgname = old.name
    LOOP
        EXECUTE format(
            'ALTER TABLE %s ENABLE %s TRIGGER %I',
            target.tab, CASE target.mode WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' ELSE '' END, target.name);
    END LOOP;
    DELETE FROM pg_temp.old_trigger;
END
$$;
