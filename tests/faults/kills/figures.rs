//! What was acknowledged, and what the database must therefore hold: each thing once, and the sums of them.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use super::client::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Line,
    Payment,
    Po,
    Bill,
    Approval,
    VendorPayment,
    Link,
    Project,
    File,
}

/// Where the marks of each kind are found. Links have none of their own and are known by their payment; lines, whose marks
/// change, are looked at by themselves.
const PLACES: [(Kind, &str); 8] = [
    (
        Kind::Payment,
        "SELECT reference_number FROM \"Finances\".client_payment",
    ),
    (
        Kind::Po,
        "SELECT po_number FROM \"Finances\".client_po WHERE po_number LIKE 'po-%'",
    ),
    (Kind::Bill, "SELECT po_number FROM \"Finances\".billing_po"),
    (
        Kind::Approval,
        "SELECT approval_notes FROM \"Finances\".billing_po WHERE approved_at IS NOT NULL",
    ),
    (
        Kind::VendorPayment,
        "SELECT reference_number FROM \"Finances\".vendor_payment",
    ),
    (
        Kind::Link,
        "SELECT vendor_payment_id::text FROM \"Finances\".payment_vendor_link",
    ),
    (
        Kind::Project,
        "SELECT name FROM \"Finances\".project WHERE name LIKE 'project-%'",
    ),
    (
        Kind::File,
        "SELECT original_filename FROM \"Finances\".project_document",
    ),
];
/// Rows of each table have one entry in the trail that says how they came.
const TRACED: [(&str, &str); 8] = [
    ("client_po_line_item", "created"),
    ("client_payment", "created"),
    ("client_po", "created"),
    ("billing_po", "created"),
    ("vendor_payment", "created"),
    ("payment_vendor_link", "linked"),
    ("project", "created"),
    ("project_document", "created"),
];

/// A POST that was done.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) kind: Kind,
    pub(super) mark: String,
    pub(super) site: usize,
    pub(super) amount: i64,
    pub(super) write: Write,
    /// Its first answer, as it came.
    pub(super) answer: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) done: Vec<Done>,
    /// The last name that each line was given, by its id.
    changed: BTreeMap<String, String>,
    /// By how much the lines of a site got dearer, once for each change.
    dearer: Vec<(usize, i64)>,
    /// Payments that were cleared: id, site and amount.
    pub(super) cleared: Vec<(String, usize, i64)>,
}

/// What the database holds against what was acknowledged.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) lost: Vec<String>,
    /// There more than once, or there though nobody was told so.
    pub(super) twice: Vec<String>,
}

impl Figures {
    pub(super) fn line_changed(&mut self, id: String, mark: String, site: usize, dearer: i64) {
        self.changed.insert(id, mark);
        self.dearer.push((site, dearer));
    }

    /// How many writes there are.
    pub(super) fn count(&self) -> usize {
        self.done.len() + self.dearer.len() + self.cleared.len()
    }

    pub(super) fn count_of(&self, kind: Kind) -> usize {
        self.done.iter().filter(|done| done.kind == kind).count()
    }

    /// What all that was acknowledged of a kind at a site adds up to.
    pub(super) fn sum(&self, kind: Kind, site: usize) -> i64 {
        let done = self.done.iter();
        let of_site = done.filter(|done| done.kind == kind && done.site == site);
        of_site.map(|done| done.amount).sum()
    }

    /// What the lines of a site are worth.
    pub(super) fn lines(&self, site: usize) -> i64 {
        let dearer = self.dearer.iter().filter(|(at, _)| *at == site);
        self.sum(Kind::Line, site) + dearer.map(|(_, amount)| amount).sum::<i64>()
    }

    /// What was collected at a site.
    pub(super) fn collected(&self, site: usize) -> i64 {
        let cleared = self.cleared.iter().filter(|(_, at, _)| *at == site);
        cleared.map(|(_, _, amount)| amount).sum()
    }

    /// Compares the rows with what was acknowledged.
    pub(super) async fn compare(&self, db: &mut PgConnection) -> Difference {
        let mut difference = Difference::default();
        for (kind, query) in PLACES {
            let found: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut *db).await.expect("ask");
            let expected = self.done.iter().filter(|done| done.kind == kind);
            difference.add(expected.map(Done::known_as), found.into_iter());
        }
        let found: Vec<(String, String)> =
            sqlx::query_as("SELECT id::text, item_name FROM \"Finances\".client_po_line_item")
                .fetch_all(&mut *db)
                .await
                .expect("ask");
        let lines = self.done.iter().filter(|done| done.kind == Kind::Line);
        let expected = lines.map(|done| {
            let id = done.json()["line_item"]["line_item_id"].to_string();
            let name = self.changed.get(&id).unwrap_or(&done.mark);
            format!("{id} {name}")
        });
        difference.add(
            expected,
            found.into_iter().map(|(id, name)| format!("{id} {name}")),
        );
        difference
    }

    /// Checks that the trail tells of each row and each change once.
    pub(super) async fn check_trail(&self, db: &mut PgConnection) {
        for (table, action) in TRACED {
            let query = format!(
                r#"
                SELECT (SELECT count(*) FROM "Finances".{table}),
                       (SELECT count(*) FROM "Finances".audit_entry WHERE entity = '{table}' AND action = '{action}'),
                       (SELECT count(DISTINCT entity_id) FROM "Finances".audit_entry
                         WHERE entity = '{table}' AND action = '{action}')
                "#
            );
            let (rows, entries, ids): (i64, i64, i64) = sqlx::query_as(AssertSqlSafe(query))
                .fetch_one(&mut *db)
                .await
                .expect("ask");
            assert_eq!((entries, ids), (rows, rows), "{table}");
        }
        for (entity, action, times) in [
            ("client_po_line_item", "updated", self.dearer.len()),
            ("client_payment", "status_changed", self.cleared.len()),
            ("billing_po", "approved", self.count_of(Kind::Approval)),
        ] {
            let entries: i64 = sqlx::query_scalar(
                r#"SELECT count(*) FROM "Finances".audit_entry WHERE entity = $1 AND action = $2"#,
            )
            .bind(entity)
            .bind(action)
            .fetch_one(&mut *db)
            .await
            .expect("ask");
            assert_eq!(entries, i64::try_from(times).unwrap(), "{entity} {action}");
        }
    }
}

impl Done {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.answer).expect("JSON")
    }

    /// The text by which the row is found.
    fn known_as(&self) -> String {
        match (self.kind, &self.write.body) {
            (Kind::Link, super::client::Body::Json(body)) => body["vendor_payment_id"].to_string(),
            _ => self.mark.clone(),
        }
    }
}

impl Difference {
    fn add(&mut self, expected: impl Iterator<Item = String>, found: impl Iterator<Item = String>) {
        let mut times: BTreeMap<String, i32> = BTreeMap::new();
        for mark in found {
            *times.entry(mark).or_default() += 1;
        }
        for mark in expected {
            *times.entry(mark).or_default() -= 1;
        }
        for (mark, times) in times {
            if times < 0 {
                self.lost.push(mark);
            } else if times > 0 {
                self.twice.push(mark);
            }
        }
    }
}
