//! What an adoption found and did, as JSON (the shape that operators and their scripts read) and in a few lines.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Serialize, Serializer};
use serde_json::{Number, Value};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::tables::SHAPE;

/// How many findings of one rule are listed.
const LISTED: i64 = 1000;

/// The rule of a statement that was not taken from a dump.
pub(super) const LEFT_OUT: &str = "statement_left_out";

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The run's number, under which `"Finances".adoption_report` has the findings.
    pub run_id: Uuid,
    /// Whether all of it was undone.
    pub dry_run: bool,
    /// The types of the columns that tell the shapes of old databases apart, as they were found; null for a missing one.
    pub database_shape: BTreeMap<String, Option<String>>,
    /// The time zone in which old timestamps without one were read; null if none had to be.
    pub timezone: Option<String>,
    /// What was done, in order.
    pub actions: Vec<Done>,
    /// What is doubtful or was filled, at most 1000 of each rule.
    pub findings: Vec<Finding>,
    /// How many findings each rule has, listed or not.
    pub findings_by_rule: BTreeMap<String, i64>,
    /// The constraints that wait for the repair of rows.
    pub constraints_not_created: Vec<String>,
    /// Rows of each table.
    pub counts: Vec<Count>,
    /// The money of each column.
    pub sums: Vec<Sum>,
    /// What the run comes to, in a sentence.
    #[serde(skip)]
    pub outcome: String,
}

/// Something that was done.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct Done {
    /// To which table; `*` for all of them.
    pub table: String,
    /// What.
    pub action: String,
    /// With what of it.
    pub detail: String,
    /// How many rows it touched, where that says anything.
    pub rows: Option<i64>,
}

/// Something that was found.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct Finding {
    /// In which table.
    pub table: String,
    /// In which row; null for what was counted.
    pub row_id: Option<String>,
    /// The rule's name.
    pub rule: String,
    /// The figures concerned.
    pub kept: Value,
}

/// The rows of a table.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Count {
    /// Its name.
    pub table: &'static str,
    /// Before the adoption, in the source.
    pub before: i64,
    /// After it.
    pub after: i64,
}

/// The sum of a column, in rupees.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Sum {
    /// The column's table.
    pub table: &'static str,
    /// Its name.
    pub column: &'static str,
    /// Before the adoption, in the source; null where no row has a figure or the column is missing.
    #[serde(serialize_with = "exact")]
    pub before: Option<String>,
    /// After it.
    #[serde(serialize_with = "exact")]
    pub after: Option<String>,
}

/// A decimal as a JSON number, digit for digit.
#[expect(clippy::ref_option, reason = "serde passes the field")]
fn exact<S: Serializer>(figure: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let number = figure
        .as_ref()
        .map(|text| match serde_json::from_str::<Number>(text) {
            Ok(number) => Value::Number(number),
            // NaN is none.
            Err(_) => Value::String(text.clone()),
        });
    number.serialize(serializer)
}

impl Report {
    /// A report without findings.
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            run_id: Uuid::new_v4(),
            dry_run,
            database_shape: BTreeMap::new(),
            timezone: None,
            actions: Vec::new(),
            findings: Vec::new(),
            findings_by_rule: BTreeMap::new(),
            constraints_not_created: Vec::new(),
            counts: Vec::new(),
            sums: Vec::new(),
            outcome: String::new(),
        }
    }

    /// Notes something that was done.
    pub(super) fn did(&mut self, table: &str, action: &str, detail: impl Into<String>, rows: Option<i64>) {
        self.actions.push(Done {
            table: table.to_owned(),
            action: action.to_owned(),
            detail: detail.into(),
            rows,
        });
    }

    /// Notes something that was found, without a row.
    pub(super) fn found(&mut self, table: &str, row_id: Option<String>, rule: &str, kept: Value) {
        let count = self.findings_by_rule.entry(rule.to_owned()).or_default();
        *count += 1;
        if *count <= LISTED {
            self.findings.push(Finding {
                table: table.to_owned(),
                row_id,
                rule: rule.to_owned(),
                kept,
            });
        }
    }

    /// Takes over what the baseline has noted in the transaction in which it ran.
    ///
    /// # Errors
    /// Without the database.
    pub(super) async fn take_baseline(&mut self, transaction: &mut PgConnection) -> anyhow::Result<()> {
        self.actions.extend(
            sqlx::query_as::<_, Done>(
                r#"
                SELECT table_name AS "table", action, detail, row_count AS rows
                  FROM pg_temp.adopt_action
                 ORDER BY position
                "#,
            )
            .fetch_all(&mut *transaction)
            .await?,
        );
        let earlier = std::mem::take(&mut self.findings);
        self.take_findings(transaction, "pg_temp.adopt_finding", "position")
            .await?;
        for finding in earlier {
            self.found(&finding.table, finding.row_id, &finding.rule, finding.kept);
        }
        // The run under which the baseline has kept its findings, if it has any that are new.
        let run_id: Option<Uuid> = sqlx::query_scalar(
            r#"SELECT run_id FROM "Finances".adoption_report WHERE found_at = now() ORDER BY id DESC LIMIT 1"#,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(run_id) = run_id {
            self.run_id = run_id;
        }
        Ok(())
    }

    /// Takes over what an earlier run has found.
    ///
    /// # Errors
    /// Without the database.
    pub(super) async fn take_earlier(&mut self, db: &mut PgConnection) -> anyhow::Result<()> {
        self.take_findings(db, r#""Finances".adoption_report"#, "id")
            .await?;
        let run_id: Option<Uuid> =
            sqlx::query_scalar(r#"SELECT run_id FROM "Finances".adoption_report ORDER BY id DESC LIMIT 1"#)
                .fetch_optional(db)
                .await?;
        if let Some(run_id) = run_id {
            self.run_id = run_id;
        }
        Ok(())
    }

    async fn take_findings(
        &mut self,
        db: &mut PgConnection,
        place: &'static str,
        order: &'static str,
    ) -> anyhow::Result<()> {
        let sql = format!(
            r#"
            SELECT "table", row_id, rule, kept
              FROM (
                   SELECT table_name AS "table", row_id, rule::text AS rule, kept, {order} AS place,
                          row_number() OVER (PARTITION BY rule ORDER BY {order}) AS number
                     FROM {place}
                    WHERE rule NOT IN ('constraint_not_created', 'constraint_created', 'adopted_from')
                   ) AS listed
             WHERE number <= {LISTED}
             ORDER BY place
            "#
        );
        self.findings = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *db).await?;
        let sql = format!(
            "SELECT rule::text, count(*) FROM {place}
              WHERE rule NOT IN ('constraint_not_created', 'constraint_created', 'adopted_from')
              GROUP BY rule"
        );
        let counts: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *db).await?;
        self.findings_by_rule = counts.into_iter().collect();
        // One that was created since then waits no more.
        let sql = format!(
            r"
            SELECT DISTINCT kept ->> 'constraint'
              FROM {place} AS finding
             WHERE rule = 'constraint_not_created'
               AND NOT EXISTS (
                       SELECT 1
                         FROM {place} AS created
                        WHERE created.rule = 'constraint_created'
                          AND created.kept ->> 'constraint' = finding.kept ->> 'constraint')
             ORDER BY 1
            "
        );
        self.constraints_not_created = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *db).await?;
        self.timezone = self
            .findings
            .iter()
            .find(|finding| finding.rule == "legacy_timezone")
            .and_then(|finding| finding.kept.get("timezone")?.as_str().map(str::to_owned));
        Ok(())
    }

    /// Reads the shape of the database.
    ///
    /// # Errors
    /// Without the database.
    pub(super) async fn take_shape(&mut self, db: &mut PgConnection) -> anyhow::Result<()> {
        let (tables, columns): (Vec<&str>, Vec<&str>) = SHAPE.into_iter().unzip();
        let types: Vec<Option<String>> = sqlx::query_scalar(
            r#"
            SELECT format_type(attribute.atttypid, attribute.atttypmod)
              FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (tab, col, place)
              LEFT JOIN pg_catalog.pg_class AS relation
                ON relation.relnamespace = to_regnamespace('"Finances"') AND relation.relname = wanted.tab
              LEFT JOIN pg_catalog.pg_attribute AS attribute
                ON attribute.attrelid = relation.oid AND attribute.attname = wanted.col AND NOT attribute.attisdropped
             ORDER BY wanted.place
            "#,
        )
        .bind(tables)
        .bind(columns)
        .fetch_all(db)
        .await?;
        self.database_shape = SHAPE
            .into_iter()
            .zip(types)
            .map(|((table, column), kind)| (format!("{table}.{column}"), kind))
            .collect();
        Ok(())
    }

    /// The report as indented JSON, with a line end.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which would be a fault of ours.
    pub fn to_json(&self) -> anyhow::Result<String> {
        let mut json = serde_json::to_string_pretty(self)?;
        json.push('\n');
        Ok(json)
    }

    /// What a person wants to know first.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let mut line = |what: String| writeln!(text, "{what}").ok();
        line(self.outcome.clone());
        let rows: i64 = self.counts.iter().map(|count| count.after).sum();
        let changed: Vec<String> = self
            .sums
            .iter()
            .filter(|sum| sum.before.is_some() && differ(sum.before.as_deref(), sum.after.as_deref()))
            .map(|sum| {
                format!(
                    "  {}.{}: {} before, {} after, as the findings say",
                    sum.table,
                    sum.column,
                    sum.before.as_deref().unwrap_or("none"),
                    sum.after.as_deref().unwrap_or("none")
                )
            })
            .collect();
        line(format!("{rows} rows in {} tables.", self.counts.len()));
        if let Some(count) = self.findings_by_rule.get(LEFT_OUT) {
            line(format!(
                "{count} statements that change rows of ours were left out, see the findings: what they do is in no figure here."
            ));
        }
        if changed.is_empty() {
            line("Every sum of money is the same before and after.".to_owned());
        } else {
            line("Sums that differ, by rounded or filled figures only:".to_owned());
            for sum in changed {
                line(sum);
            }
        }
        if let Some(zone) = &self.timezone {
            line(format!("Old timestamps were read as {zone} (LEGACY_TIMEZONE)."));
        }
        if !self.findings_by_rule.is_empty() {
            let rules: Vec<String> = self
                .findings_by_rule
                .iter()
                .map(|(rule, count)| format!("{rule} {count}"))
                .collect();
            line(format!("Findings: {}.", rules.join(", ")));
        }
        if !self.constraints_not_created.is_empty() {
            line(format!(
                "{} constraints wait for the repair of rows (adopt --retry-constraints): {}.",
                self.constraints_not_created.len(),
                self.constraints_not_created.join(", ")
            ));
        }
        text
    }
}

/// Whether two sums differ in more than the zeros behind them.
fn differ(before: Option<&str>, after: Option<&str>) -> bool {
    let plain = |text: Option<&str>| {
        text.map_or("0".to_owned(), |text| {
            let text = if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.')
            } else {
                text
            };
            text.to_owned()
        })
    };
    plain(before) != plain(after)
}
