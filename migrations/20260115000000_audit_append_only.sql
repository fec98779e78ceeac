-- The seals of the audit trail grow and never change either, for their owner too. Who may alter the tables can take the guards
-- away; `verify` tells.

CREATE OR REPLACE FUNCTION "Finances".refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

DROP TRIGGER IF EXISTS audit_seal_append_only ON "Finances".audit_seal;
CREATE TRIGGER audit_seal_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON "Finances".audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION "Finances".refuse_audit_change();
