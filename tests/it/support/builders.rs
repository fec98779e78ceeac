//! Rows that a test starts from, with sensible values where the test says nothing.

use nexgen_finance::finance::{kept_totals, recorded};
use nexgen_finance::postgres::Pool;
use serde_json::Value;
use sqlx::PgExecutor;

use super::TestApp;

/// A sum as it is stated in a test: exact, and compared without trailing zeros.
pub(crate) fn money(text: &str) -> Value {
    serde_json::from_str(text).expect("a number")
}

/// A client PO to be inserted.
pub(crate) struct ClientPoBuilder<'a> {
    db: &'a Pool,
    client: i64,
    project: Option<i64>,
    number: Option<String>,
    value: String,
    tax: String,
    status: &'static str,
    po_type: &'static str,
    store: Option<String>,
    date: Option<&'static str>,
}

impl ClientPoBuilder<'_> {
    pub(crate) fn client(self, client: i64) -> Self {
        Self { client, ..self }
    }

    pub(crate) fn project(self, project: i64) -> Self {
        Self {
            project: Some(project),
            ..self
        }
    }

    pub(crate) fn number(self, number: &str) -> Self {
        Self {
            number: Some(number.to_owned()),
            ..self
        }
    }

    /// The stated value, tax included, and the tax in it.
    pub(crate) fn stated(self, value: &str, tax: &str) -> Self {
        Self {
            value: value.to_owned(),
            tax: tax.to_owned(),
            ..self
        }
    }

    pub(crate) fn status(self, status: &'static str) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn store(self, store: &str) -> Self {
        Self {
            store: Some(store.to_owned()),
            ..self
        }
    }

    pub(crate) fn date(self, date: &'static str) -> Self {
        Self {
            date: Some(date),
            ..self
        }
    }

    /// A verbal agreement without a number.
    pub(crate) fn open_agreement(self) -> Self {
        Self {
            po_type: "verbal_agreement",
            number: None,
            ..self
        }
    }

    /// Inserts it as the program does, with its place in its project; its id.
    pub(crate) async fn insert(self) -> i64 {
        let id: i64 = sqlx::query_scalar(
            r#"
            INSERT INTO "Finances".client_po
                   (client_id, project_id, po_number, po_value, total_tax, stated_value, stated_tax, status, po_type,
                    store_id, po_date)
            VALUES ($1, $2, $3, $4::numeric, $5::numeric, $4::numeric, $5::numeric, $6, $7, $8, $9::date)
            RETURNING id
            "#,
        )
        .bind(self.client)
        .bind(self.project)
        .bind(&self.number)
        .bind(&self.value)
        .bind(&self.tax)
        .bind(self.status)
        .bind(self.po_type)
        .bind(&self.store)
        .bind(self.date)
        .fetch_one(self.db)
        .await
        .expect("insert a PO");
        if let Some(project) = self.project {
            sqlx::query(
                r#"
                INSERT INTO "Finances".po_project_mapping (client_po_id, project_id, is_primary, sequence_order)
                SELECT $1, $2, count(*) = 0, count(*) + 1 FROM "Finances".po_project_mapping WHERE project_id = $2
                "#,
            )
            .bind(id)
            .bind(project)
            .execute(self.db)
            .await
            .expect("map the PO to its project");
        }
        recount(self.db).await;
        id
    }
}

/// Has the kept totals know of rows that were inserted past the program.
pub(crate) async fn recount(db: impl PgExecutor<'_>) {
    sqlx::query(r#"SELECT "Finances".recount_kept_totals()"#)
        .execute(db)
        .await
        .expect("recount the totals");
}

/// All kept totals, their slots added up and those without anything left out.
const KEPT: &str = r#"
    SELECT jsonb_build_object(
        'totals', (
            SELECT jsonb_agg(to_jsonb(total) ORDER BY total)
              FROM (
                   SELECT list, scope, scope_id, status, payment_status, sum(entries) AS entries, trim_scale(sum(amount))::text AS amount,
                          trim_scale(sum(paid))::text AS paid, sum(lines) AS lines, sum(paid_entries) AS paid_entries,
                          sum(partial_entries) AS partial_entries
                     FROM "Finances".kept_total
                    GROUP BY 1, 2, 3, 4, 5
                   HAVING sum(entries) <> 0 OR sum(amount) <> 0 OR sum(paid) <> 0 OR sum(lines) <> 0
                   ) AS total),
        'stores', (
            SELECT jsonb_agg(to_jsonb(store) ORDER BY store)
              FROM "Finances".store_group AS store
             WHERE members <> 0),
        'vendor_totals', (
            SELECT jsonb_agg(to_jsonb(total) ORDER BY total)
              FROM (
                   SELECT list, scope, scope_id, part, status, work_status, payment_status, sum(entries) AS entries,
                          trim_scale(sum(amount))::text AS amount, trim_scale(sum(paid))::text AS paid, sum(lines) AS lines,
                          trim_scale(sum(lines_amount))::text AS lines_amount
                     FROM "Finances".kept_vendor_total
                    GROUP BY 1, 2, 3, 4, 5, 6, 7
                   HAVING sum(entries) <> 0 OR sum(amount) <> 0 OR sum(paid) <> 0 OR sum(lines_amount) <> 0
                   ) AS total),
        'due', (SELECT jsonb_agg(to_jsonb(due) ORDER BY due) FROM "Finances".vendor_order_due AS due),
        'line_vendors', (SELECT jsonb_agg(to_jsonb(named) ORDER BY named) FROM "Finances".vendor_order_line_vendor AS named),
        'link_owners', (SELECT jsonb_agg(to_jsonb(link) ORDER BY link) FROM "Finances".payment_link_owner AS link),
        'store_totals', (
            SELECT jsonb_agg(to_jsonb(total) ORDER BY total)
              FROM (
                   SELECT client_id, status, sum(stores) AS stores, sum(shared) AS shared, sum(members) AS members
                     FROM "Finances".store_group_total
                    GROUP BY 1, 2
                   HAVING sum(members) <> 0
                   ) AS total)
    )"#;

impl TestApp {
    /// Fails unless the kept totals are what a recount makes them; they stay as they are.
    pub(crate) async fn expect_kept_totals_as_recounted(&self) {
        let mut transaction = self.db.begin().await.expect("a transaction");
        let kept: serde_json::Value = sqlx::query_scalar(KEPT)
            .fetch_one(&mut *transaction)
            .await
            .expect("read the kept totals");
        recount(&mut *transaction).await;
        let recounted: serde_json::Value = sqlx::query_scalar(KEPT)
            .fetch_one(&mut *transaction)
            .await
            .expect("read the kept totals");
        transaction.rollback().await.expect("keep the totals");
        assert_eq!(kept, recounted, "the kept totals are off");
        let faults = kept_totals::verify(&self.db).await.expect("verify the totals");
        assert_eq!(faults, [], "what verify says of them");
        // Rows that a test has inserted by itself have no entry.
        let mut faults = recorded::verify(&self.db).await.expect("verify the rows");
        faults.retain(|fault| fault.entry.is_some());
        assert_eq!(faults, [], "what verify says of the rows");
    }

    /// A PO of client 1 over 1000 without tax.
    pub(crate) fn client_po(&self) -> ClientPoBuilder<'_> {
        ClientPoBuilder {
            db: &self.db,
            client: 1,
            project: None,
            number: None,
            value: "1000".to_owned(),
            tax: "0".to_owned(),
            status: "pending",
            po_type: "standard",
            store: None,
            date: None,
        }
    }

    /// A project of this name for client 1.
    pub(crate) async fn project(&self, name: &str) -> i64 {
        let id = sqlx::query_scalar(
            r#"INSERT INTO "Finances".project (name, client_id) VALUES ($1, 1) RETURNING id"#,
        )
        .bind(name)
        .fetch_one(&self.db)
        .await
        .expect("insert a project");
        recount(&self.db).await;
        id
    }

    /// A payment of client 1 for a PO: the kind (`credit`, `debit`), amount and status.
    pub(crate) async fn payment(&self, po: i64, kind: &str, amount: &str, status: &str) -> i64 {
        let id = sqlx::query_scalar(
            r#"
            INSERT INTO "Finances".client_payment (client_id, client_po_id, transaction_type, amount, status, payment_date)
            VALUES (1, $1, $2, $3::numeric, $4, DATE '2026-02-10')
            RETURNING id
            "#,
        )
        .bind(po)
        .bind(kind)
        .bind(amount)
        .bind(status)
        .fetch_one(&self.db)
        .await
        .expect("insert a payment");
        recount(&self.db).await;
        id
    }

    /// A vendor order of the project over this value.
    pub(crate) async fn vendor_order(&self, project: i64, value: &str, status: &str) -> i64 {
        let id = sqlx::query_scalar(
            r#"
            WITH vendor AS (
                INSERT INTO "Finances".vendor (name) VALUES ('Example Works Pvt Ltd') RETURNING id
            )
            INSERT INTO "Finances".vendor_order (vendor_id, project_id, po_number, po_value, stated_value, status)
            SELECT vendor.id, $1, 'VO-1', $2::numeric, $2::numeric, $3 FROM vendor
            RETURNING id
            "#,
        )
        .bind(project)
        .bind(value)
        .bind(status)
        .fetch_one(&self.db)
        .await
        .expect("insert a vendor order");
        recount(&self.db).await;
        id
    }

    /// What was paid of a vendor order.
    pub(crate) async fn vendor_payment(&self, order: i64, amount: &str, status: &str) -> i64 {
        let id = sqlx::query_scalar(
            r#"
            INSERT INTO "Finances".vendor_payment (vendor_order_id, amount, status, payment_date)
            VALUES ($1, $2::numeric, $3, DATE '2026-02-11')
            RETURNING id
            "#,
        )
        .bind(order)
        .bind(amount)
        .bind(status)
        .fetch_one(&self.db)
        .await
        .expect("insert a vendor payment");
        recount(&self.db).await;
        id
    }

    /// How many kept totals differ from what the rows add up to.
    pub(crate) async fn totals_that_are_off(&self) -> i64 {
        self.value(
            r#"
            WITH kept AS (
                SELECT list, scope, scope_id, status, sum(entries) AS entries, sum(amount) AS amount, sum(paid) AS paid
                  FROM "Finances".kept_total
                 GROUP BY list, scope, scope_id, status
                HAVING sum(entries) <> 0 OR sum(amount) <> 0 OR sum(paid) <> 0
            ),
            made AS (
                SELECT entry.list, scope.name, scope.id, entry.status, sum(entry.entries), sum(entry.amount), sum(entry.paid)
                  FROM "Finances".kept_total_source AS entry
                 CROSS JOIN LATERAL (
                       VALUES ('all', 0), ('client', entry.client_id), ('project', entry.project_id),
                              ('vendor', entry.vendor_id)
                       ) AS scope (name, id)
                 WHERE scope.id IS NOT NULL
                 GROUP BY entry.list, scope.name, scope.id, entry.status
            )
            SELECT count(*) FROM ((TABLE kept EXCEPT TABLE made) UNION ALL (TABLE made EXCEPT TABLE kept)) AS off
            "#,
        )
        .await
    }
}
