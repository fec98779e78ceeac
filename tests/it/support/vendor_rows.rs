//! Rows of the vendors' side that tests of payments and links start from.

use super::{TestApp, builders::recount};

/// A vendor order to be inserted.
pub(crate) struct Order {
    pub(crate) vendor: Option<i64>,
    pub(crate) project: Option<i64>,
    pub(crate) client_po: Option<i64>,
    pub(crate) value: &'static str,
    pub(crate) status: &'static str,
    pub(crate) work_status: &'static str,
}

impl Order {
    /// An approved order of nobody, for nothing, over this value.
    pub(crate) const fn over(value: &'static str) -> Self {
        Self {
            vendor: None,
            project: None,
            client_po: None,
            value,
            status: "approved",
            work_status: "pending",
        }
    }

    pub(crate) fn of(self, vendor: i64) -> Self {
        Self {
            vendor: Some(vendor),
            ..self
        }
    }

    pub(crate) fn project(self, project: i64) -> Self {
        Self {
            project: Some(project),
            ..self
        }
    }

    pub(crate) fn client_po(self, po: i64) -> Self {
        Self {
            client_po: Some(po),
            ..self
        }
    }

    pub(crate) fn status(self, status: &'static str) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn work_status(self, work_status: &'static str) -> Self {
        Self { work_status, ..self }
    }

    /// Inserts it; its id.
    pub(crate) async fn insert(self, app: &TestApp) -> i64 {
        let id = sqlx::query_scalar(
            r#"
            INSERT INTO "Finances".vendor_order
                   (vendor_id, project_id, client_po_id, po_number, po_value, stated_value, status, work_status)
            VALUES ($1, $2, $3, 'VO-' || currval(pg_get_serial_sequence('"Finances".vendor_order', 'id')), $4::numeric,
                    $4::numeric, $5, $6)
            RETURNING id
            "#,
        )
        .bind(self.vendor)
        .bind(self.project)
        .bind(self.client_po)
        .bind(self.value)
        .bind(self.status)
        .bind(self.work_status)
        .fetch_one(&app.db)
        .await
        .expect("insert a vendor order");
        recount(&app.db).await;
        id
    }
}

/// A vendor of this name; its id.
pub(crate) async fn vendor(app: &TestApp, name: &str) -> i64 {
    let id = sqlx::query_scalar(r#"INSERT INTO "Finances".vendor (name) VALUES ($1) RETURNING id"#)
        .bind(name)
        .fetch_one(&app.db)
        .await
        .expect("insert a vendor");
    recount(&app.db).await;
    id
}

/// A line of an order that costs this much; the order is worth the sum of its lines then.
pub(crate) async fn order_line(
    app: &TestApp,
    order: i64,
    total: &str,
    vendor: Option<i64>,
    client_line: Option<i64>,
) {
    sqlx::query(
        r#"
        INSERT INTO "Finances".vendor_order_line_item
               (vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id, client_line_item_id)
        VALUES ($1, 'Beam', 1, $2::numeric, $2::numeric, $3, $4)
        "#,
    )
    .bind(order)
    .bind(total)
    .bind(vendor)
    .bind(client_line)
    .execute(&app.db)
    .await
    .expect("insert a line");
    sqlx::query(
        r#"
        UPDATE "Finances".vendor_order
           SET value_basis = 'lines',
               po_value = (SELECT sum(total_price) FROM "Finances".vendor_order_line_item WHERE vendor_order_id = $1)
         WHERE id = $1
        "#,
    )
    .bind(order)
    .execute(&app.db)
    .await
    .expect("value the order");
    recount(&app.db).await;
}

/// A line of a client PO over this much without tax; its id.
pub(crate) async fn client_line(app: &TestApp, po: i64, total: &str) -> i64 {
    sqlx::query_scalar(
        r#"
        INSERT INTO "Finances".client_po_line_item (client_po_id, item_name, total_price)
        VALUES ($1, 'Beam', $2::numeric)
        RETURNING id
        "#,
    )
    .bind(po)
    .bind(total)
    .fetch_one(&app.db)
    .await
    .expect("insert a client line")
}

/// What a vendor got in advance; its id.
pub(crate) async fn advance(app: &TestApp, vendor: i64, amount: &str, status: &str) -> i64 {
    let id = sqlx::query_scalar(
        r#"
        INSERT INTO "Finances".vendor_payment (vendor_id, amount, status, payment_date)
        VALUES ($1, $2::numeric, $3, DATE '2026-02-12')
        RETURNING id
        "#,
    )
    .bind(vendor)
    .bind(amount)
    .bind(status)
    .fetch_one(&app.db)
    .await
    .expect("insert an advance");
    recount(&app.db).await;
    id
}
