//! The adoption of databases that the predecessor made: the real migration path on scratch databases, loaded from SQL
//! that was written by hand after the shapes that exist.

mod billing;
mod broken_rows;
mod missing_values;
mod money;
mod people;
mod schema;
mod shapes;
mod strangers;
mod texts;
mod times;
mod trail;
mod uploads;
mod vendor_orders;
mod whole_or_nothing;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use nexgen_finance::config::Config;
use nexgen_finance::postgres::migrate;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, raw_sql};
use tokio::sync::OnceCell;

use crate::support::app::SECRET_KEY;
use crate::support::cluster::{self, TestDatabase};

pub(crate) const SHAPE_A: &str = include_str!("../data/legacy/shape_a.sql");
pub(crate) const SHAPE_B: &str = include_str!("../data/legacy/shape_b.sql");
pub(crate) const SHAPE_C: &str = include_str!("../data/legacy/shape_c.sql");
pub(crate) const SHAPE_D: &str = include_str!("../data/legacy/shape_d.sql");
/// Run after a shape: its keys and sequences go.
pub(crate) const RESTORED: &str = include_str!("../data/legacy/restored.sql");

/// A database as it was found, and adopted later.
struct Legacy {
    database: TestDatabase,
    settings: Vec<(&'static str, &'static str)>,
    /// Its `search_path` is the old program's, so that tests need not name the schema.
    db: PgConnection,
}

impl Legacy {
    /// A database into which the scripts were run, one after the other; old timestamps are Indian time.
    async fn load(scripts: &[&str]) -> Self {
        let mut legacy = Self::open(cluster::empty_database().await).await;
        for script in scripts {
            legacy.run(script).await;
        }
        legacy.run(r#"SET search_path = "Finances""#).await;
        legacy
    }

    async fn open(database: TestDatabase) -> Self {
        Self {
            db: connect(&database.options).await,
            database,
            settings: vec![("LEGACY_TIMEZONE", "Asia/Kolkata")],
        }
    }

    /// A copy of a database that was adopted once for several tests.
    async fn copy(adopted: &OnceCell<TestDatabase>, scripts: &[&str]) -> Self {
        let adopted = adopted
            .get_or_init(|| async {
                let mut legacy = Self::load(scripts).await;
                legacy.adopt().await;
                legacy.db.close().await.unwrap();
                legacy.database
            })
            .await;
        let mut copy = Self::open(adopted.copy().await).await;
        copy.run(r#"SET search_path = "Finances""#).await;
        copy
    }

    /// Settings for the adoption, in place of the usual ones.
    fn with(mut self, settings: &[(&'static str, &'static str)]) -> Self {
        self.settings = settings.to_vec();
        self
    }

    async fn run(&mut self, sql: &str) {
        if let Err(error) = raw_sql(AssertSqlSafe(sql)).execute(&mut self.db).await {
            panic!("{error}: {sql}");
        }
    }

    /// Adopts the database as a server does that starts on it; how many migrations ran.
    async fn try_adopt(&self) -> anyhow::Result<usize> {
        self.adopt_over(self.database.options.clone()).await
    }

    async fn adopt_over(&self, options: PgConnectOptions) -> anyhow::Result<usize> {
        let mut pairs = vec![("APP_ENVIRONMENT", "test"), ("SECRET_KEY", SECRET_KEY)];
        pairs.extend(&self.settings);
        let config = Config::from_pairs(&pairs).unwrap_or_else(|faults| panic!("{faults}"));
        migrate::migrate(&options, &config.database).await
    }

    async fn adopt(&mut self) {
        let migrations = self.try_adopt().await.unwrap_or_else(|error| panic!("{error:#}"));
        assert!(migrations > 0, "the database was adopted before");
    }

    /// Why the adoption stops.
    async fn refusal(&self) -> String {
        match self.try_adopt().await {
            Ok(_) => panic!("the database was adopted"),
            Err(error) => format!("{error:#}"),
        }
    }

    /// Adopts once more, as if the database had never been.
    async fn adopt_again(&mut self) {
        self.run("DELETE FROM _nexgen_migration").await;
        self.adopt().await;
    }

    /// The rows of a query as PostgreSQL writes them: `(1,cleared,)`.
    async fn rows(&mut self, query: &str) -> Vec<String> {
        let sql = format!("SELECT answer::text FROM ({query}) AS answer");
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut self.db)
            .await
            .unwrap_or_else(|error| panic!("{error}: {query}"))
    }

    /// The one value of a query as text; "null" for none.
    async fn value(&mut self, query: &str) -> String {
        let sql = format!("SELECT ({query})::text");
        let value: Option<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut self.db)
            .await
            .unwrap_or_else(|error| panic!("{error}: {query}"));
        value.unwrap_or_else(|| String::from("null"))
    }

    /// The id of a row that is inserted.
    async fn insert(&mut self, statement: &str) -> i64 {
        let sql = format!("{statement} RETURNING id::bigint");
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut self.db)
            .await
            .unwrap_or_else(|error| panic!("{error}: {statement}"))
    }

    /// What the report holds under a rule: `table row: figures`.
    async fn findings(&mut self, rule: &str) -> Vec<String> {
        let query = r#"
            SELECT table_name || coalesce(' ' || row_id, '') || ': ' || kept::text
              FROM "Finances".adoption_report
             WHERE rule = $1
             ORDER BY id
        "#;
        sqlx::query_scalar(query)
            .bind(rule)
            .fetch_all(&mut self.db)
            .await
            .unwrap()
    }

    /// The constraints that rows of a table stand in the way of.
    async fn left_out(&mut self) -> BTreeSet<String> {
        let query = r#"
            SELECT kept ->> 'constraint' FROM "Finances".adoption_report WHERE rule = 'constraint_not_created'
        "#;
        let names: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut self.db).await.unwrap();
        names.into_iter().collect()
    }

    /// Every column, default, constraint, index, trigger, function and sequence of the schema, a line each.
    async fn catalogue(&self) -> BTreeSet<String> {
        // Over a session of its own, without a search path: names then stand in full.
        let mut db = connect(&self.database.options).await;
        raw_sql("SET search_path = ''").execute(&mut db).await.unwrap();
        let lines: Vec<String> = sqlx::query_scalar(CATALOGUE).fetch_all(&mut db).await.unwrap();
        lines.into_iter().collect()
    }

    /// A fingerprint of each table's rows, of who wrote them last, and of each sequence.
    async fn contents(&self) -> BTreeMap<String, String> {
        let mut db = connect(&self.database.options).await;
        let relations: Vec<(String, bool)> = sqlx::query_as(
            r#"
            SELECT oid::regclass::text, relkind = 'S'
              FROM pg_class
             WHERE relnamespace = '"Finances"'::regnamespace AND relkind IN ('r', 'S') AND relname <> '_nexgen_migration'
            "#,
        )
        .fetch_all(&mut db)
        .await
        .unwrap();
        let mut contents = BTreeMap::new();
        for (relation, is_sequence) in relations {
            let row = if is_sequence {
                "(last_value, is_called)::text"
            } else {
                "kept.xmin::text || kept::text"
            };
            let sql = format!(
                "SELECT count(*) || ' ' || md5(coalesce(string_agg({row}, '|' ORDER BY {row}), '')) FROM {relation} AS kept"
            );
            let fingerprint = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_one(&mut db)
                .await
                .unwrap();
            contents.insert(relation, fingerprint);
        }
        contents
    }
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    options.connect().await.unwrap()
}

const CATALOGUE: &str = r#"
WITH relation AS (
    SELECT oid, relname, relkind
      FROM pg_class
     WHERE relnamespace = '"Finances"'::regnamespace AND relname NOT LIKE '\_nexgen\_migration%'
)
SELECT format('column %s.%s %s', relname, attname, format_type(atttypid, atttypmod))
       || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
       || CASE WHEN attnotnull THEN ' not null' ELSE '' END
  FROM relation
  JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE relkind = 'r'
UNION ALL
SELECT format('constraint %s.%s %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
  FROM relation
  JOIN pg_constraint ON conrelid = relation.oid
 WHERE contype <> 'n'
UNION ALL
SELECT 'index ' || pg_get_indexdef(indexrelid)
  FROM relation
  JOIN pg_index ON indrelid = relation.oid
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(pg_trigger.oid)
  FROM relation
  JOIN pg_trigger ON tgrelid = relation.oid
 WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || oid::regprocedure
  FROM pg_proc
 WHERE pronamespace = '"Finances"'::regnamespace
UNION ALL
SELECT format('sequence %s %s of %s', relation.relname, format_type(seqtypid, NULL), owner.relname)
  FROM relation
  JOIN pg_sequence ON seqrelid = relation.oid
  LEFT JOIN pg_depend ON objid = relation.oid AND classid = 'pg_class'::regclass AND deptype = 'a'
  LEFT JOIN pg_class AS owner ON owner.oid = refobjid
"#;
