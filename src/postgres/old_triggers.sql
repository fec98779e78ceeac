-- The predecessor's own triggers rest while rows are filled: what the adoption writes is no change of a row, and a trigger that
-- sets updated_at, or a figure, with every write would say or do otherwise.

CREATE TEMP TABLE IF NOT EXISTS pg_temp.old_trigger (
    tab  oid NOT NULL,
    name name NOT NULL,
    mode "char" NOT NULL
) ON COMMIT DROP;

DO $$
DECLARE
    target record;
BEGIN
    FOR target IN
        SELECT relation.oid, relation.relname AS tab, trigger.tgname AS name, trigger.tgenabled AS mode
          FROM pg_catalog.pg_trigger AS trigger
          JOIN pg_catalog.pg_class AS relation ON relation.oid = trigger.tgrelid
          JOIN pg_catalog.pg_proc AS routine ON routine.oid = trigger.tgfoid
         WHERE relation.relnamespace = to_regnamespace('"Finances"')
           AND relation.relkind = 'r'
           AND NOT trigger.tgisinternal
           AND trigger.tgenabled <> 'D'
           -- Those of the audit trail are ours.
           AND NOT (routine.pronamespace = relation.relnamespace AND routine.proname = 'refuse_audit_change')
         ORDER BY relation.relname, trigger.tgname
    LOOP
        EXECUTE format('ALTER TABLE "Finances".%I DISABLE TRIGGER %I', target.tab, target.name);
        INSERT INTO pg_temp.old_trigger (tab, name, mode) VALUES (target.oid, target.name, target.mode);
    END LOOP;
END
$$;
