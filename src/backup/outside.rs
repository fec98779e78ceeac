//! What the schema needs of other schemas, which a backup does not hold: it has to be in the database that one is brought back to.

use sqlx::PgConnection;

/// The functions, types, tables and extensions of other schemas that something of ours depends on, in PostgreSQL's words
/// (`function public.stamp()`); the search's extension, which a restore makes by itself, is not among them.
///
/// # Errors
/// If the database cannot be read.
pub(super) async fn read(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        r#"
        WITH class AS (
            SELECT oid FROM pg_catalog.pg_class WHERE relnamespace = '"Finances"'::regnamespace
        ),
        ours (classid, objid) AS (
            SELECT 'pg_class'::regclass, oid FROM class
             UNION ALL
            SELECT 'pg_attrdef'::regclass, oid FROM pg_catalog.pg_attrdef WHERE adrelid IN (SELECT oid FROM class)
             UNION ALL
            SELECT 'pg_constraint'::regclass, oid
              FROM pg_catalog.pg_constraint
             WHERE connamespace = '"Finances"'::regnamespace
             UNION ALL
            SELECT 'pg_trigger'::regclass, oid FROM pg_catalog.pg_trigger WHERE tgrelid IN (SELECT oid FROM class)
             UNION ALL
            SELECT 'pg_rewrite'::regclass, oid FROM pg_catalog.pg_rewrite WHERE ev_class IN (SELECT oid FROM class)
             UNION ALL
            SELECT 'pg_policy'::regclass, oid FROM pg_catalog.pg_policy WHERE polrelid IN (SELECT oid FROM class)
             UNION ALL
            SELECT 'pg_proc'::regclass, oid FROM pg_catalog.pg_proc WHERE pronamespace = '"Finances"'::regnamespace
             UNION ALL
            SELECT 'pg_type'::regclass, oid FROM pg_catalog.pg_type WHERE typnamespace = '"Finances"'::regnamespace
        ),
        needed AS (
            SELECT DISTINCT depend.refclassid, depend.refobjid, object.type || ' ' || object.identity AS name
              FROM ours
              JOIN pg_catalog.pg_depend AS depend USING (classid, objid)
             CROSS JOIN LATERAL pg_catalog.pg_identify_object(depend.refclassid, depend.refobjid, 0) AS object
             WHERE object.schema NOT IN ('"Finances"', 'pg_catalog', 'information_schema')
               AND object.schema NOT LIKE 'pg\_toast%'
        )
        SELECT DISTINCT COALESCE('extension ' || extension.extname, needed.name)
          FROM needed
          LEFT JOIN pg_catalog.pg_depend AS member
            ON member.classid = needed.refclassid
           AND member.objid = needed.refobjid
           AND member.refclassid = 'pg_catalog.pg_extension'::regclass
           AND member.deptype = 'e'
          LEFT JOIN pg_catalog.pg_extension AS extension ON extension.oid = member.refobjid
         WHERE extension.extname IS DISTINCT FROM 'pg_trgm'
         ORDER BY 1
        "#,
    )
    .fetch_all(db)
    .await
}
