//! The history of a document: its own entries and those of its parts, which name it in what they record.
//!
//! It outlives the document, and ends with the entry of the deletion then.

use sqlx::{Postgres, QueryBuilder};

use super::model::{History, HistoryEntry, HistoryQuery};
use crate::{
    error::{Error, Result},
    http::list::Listed,
    postgres::Pool,
    types::ids::{BillingKey, BillingPoId, ClientPoId, VendorOrderId, VendorPaymentId},
};

/// What has a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// A client PO with its lines and documents.
    ClientPo(ClientPoId),
    /// A vendor order with its lines and payment links.
    VendorOrder(VendorOrderId),
    /// A payment to a vendor with its links.
    VendorPayment(VendorPaymentId),
    /// A bill with its lines.
    Bill(BillingPoId),
}

impl Document {
    /// What it is called.
    const fn thing(self) -> &'static str {
        match self {
            Self::ClientPo(_) => "PO",
            Self::VendorOrder(_) => "Vendor order",
            Self::VendorPayment(_) => "Vendor payment",
            Self::Bill(_) => "Billing PO",
        }
    }

    fn id(self) -> String {
        match self {
            Self::ClientPo(id) => id.to_string(),
            Self::VendorOrder(id) => id.to_string(),
            Self::VendorPayment(id) => id.to_string(),
            Self::Bill(id) => id.to_string(),
        }
    }

    /// The condition on its own entries, and the one on those of its parts; each has an index, and ends with the id.
    const fn conditions(self) -> [&'static str; 2] {
        match self {
            Self::ClientPo(_) => [
                "entity = 'client_po' AND entity_id = ",
                "entity IN ('client_po_line_item', 'project_document') \
                 AND COALESCE(after ->> 'client_po_id', before ->> 'client_po_id') = ",
            ],
            Self::VendorOrder(_) => [
                "entity = 'vendor_order' AND entity_id = ",
                "entity IN ('vendor_order_line_item', 'payment_vendor_link') \
                 AND COALESCE(after ->> 'vendor_order_id', before ->> 'vendor_order_id') = ",
            ],
            Self::VendorPayment(_) => [
                "entity = 'vendor_payment' AND entity_id = ",
                "entity = 'payment_vendor_link' \
                 AND COALESCE(after ->> 'vendor_payment_id', before ->> 'vendor_payment_id') = ",
            ],
            Self::Bill(_) => [
                "entity = 'billing_po' AND entity_id = ",
                "entity = 'billing_po_line_item' \
                 AND COALESCE(after ->> 'billing_po_id', before ->> 'billing_po_id') = ",
            ],
        }
    }

    /// Begins a statement with the ids of the entries, as `mine`. They are few, so that they are found first: walking the
    /// trail in its order until a page is full could take all of it.
    fn push_entries(self, sql: &mut QueryBuilder<Postgres>) {
        let [own, of_parts] = self.conditions();
        sql.push(r#"WITH mine AS MATERIALIZED (SELECT id FROM "Finances".audit_entry WHERE "#)
            .push(own)
            .push_bind(self.id())
            .push(r#" UNION ALL SELECT id FROM "Finances".audit_entry WHERE "#)
            .push(of_parts)
            .push_bind(self.id())
            .push(") ");
    }
}

/// A page of a document's history; `is_there` says whether the document itself is still there.
///
/// # Errors
/// `NotFound` if nothing is known of the document, and it is not there.
pub(super) async fn page(
    db: &Pool,
    document: Document,
    is_there: bool,
    query: &HistoryQuery,
) -> Result<History> {
    let mut sql = QueryBuilder::<Postgres>::default();
    document.push_entries(&mut sql);
    sql.push("SELECT count(*) FROM mine");
    let total: i64 = sql.build_query_scalar().fetch_one(db).await?;
    if total == 0 && !is_there {
        return Err(Error::NotFound(document.thing()));
    }
    let mut sql = QueryBuilder::<Postgres>::default();
    document.push_entries(&mut sql);
    sql.push(
        "SELECT entry.id, entry.at, entry.actor_id, entry.actor_name, entry.action, entry.entity, entry.entity_id, \
                entry.before, entry.after, entry.note",
    );
    query.order.push_key(&mut sql);
    sql.push(r#" FROM mine JOIN "Finances".audit_entry AS entry ON entry.id = mine.id WHERE TRUE"#);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<HistoryEntry>> = sql.build_query_as().fetch_all(db).await?;
    let (history, page) = query.paging.page(rows, total);
    Ok(History { history, page })
}

/// The id of a bill that is gone, by the number that it had before ids became UUIDs.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn bill_that_went(db: &Pool, key: BillingKey) -> Result<Option<BillingPoId>> {
    let number = match key {
        BillingKey::Id(id) => return Ok(Some(BillingPoId(id))),
        BillingKey::Number(number) => number,
    };
    let id = sqlx::query_scalar!(
        r#"
        SELECT entity_id::uuid AS "id!: BillingPoId"
          FROM "Finances".audit_entry
         WHERE entity = 'billing_po'
           AND action = 'deleted'
           AND before ->> 'legacy_id' = $1
         ORDER BY id
         LIMIT 1
        "#,
        number.to_string(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}
