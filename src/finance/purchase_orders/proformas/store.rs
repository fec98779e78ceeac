//! Proforma invoices in the database: rows of `client_po` with an invoice's number.

use sqlx::{PgExecutor, Postgres, QueryBuilder};

use super::model::{Invoice, InvoiceCreated, InvoiceQuery, NewInvoice, ProformaInvoice};
use crate::{
    audit::Change,
    error::{Error, Result},
    finance::{
        kept_totals::{self, List, Scope},
        line_items::Line,
        purchase_orders::{
            PoType,
            with_lines::{self, NewPoWithLines, Seller},
        },
    },
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::ids::ClientPoId,
    unit_of_work::UnitOfWork,
};

/// The columns of [`ProformaInvoice`], from `page` and what it names.
const COLUMNS: &str = r#"
        SELECT po.id, po.id AS client_po_id, po.client_id, client.name AS client_name, po.project_id,
               project.name AS project_name, po.vendor_id, vendor.name AS vendor_name, po.pi_number, po.pi_date,
               po.po_number, po.po_date, po.po_value AS amount, po.subtotal, COALESCE(po.total_tax, 0) AS total_tax,
               po.status, po.created_at,
               (SELECT count(*) FROM "Finances".client_po_line_item AS line WHERE line.client_po_id = po.id)
                   AS line_item_count"#;
const JOINS: &str = r#"
          LEFT JOIN "Finances".client ON client.id = po.client_id
          LEFT JOIN "Finances".project ON project.id = po.project_id
          LEFT JOIN "Finances".vendor ON vendor.id = po.vendor_id"#;

/// A page of proforma invoices.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn list(db: &Pool, query: &InvoiceQuery) -> Result<(Vec<ProformaInvoice>, PageInfo)> {
    let mut sql = QueryBuilder::<Postgres>::new("WITH page AS (SELECT po.id");
    push_matching(&mut sql, query);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql.push(")").push(COLUMNS);
    query.order.push_key(&mut sql);
    sql.push(r#" FROM page JOIN "Finances".client_po AS po ON po.id = page.id"#)
        .push(JOINS);
    query.order.push_order(&mut sql);
    let rows: Vec<Listed<ProformaInvoice>> = sql.build_query_as().fetch_all(db).await?;

    Ok(query.paging.page(rows, count(db, query).await?))
}

/// How many invoices match: as it is kept, or of a client's invoices in one project as they are there.
async fn count(db: &Pool, query: &InvoiceQuery) -> Result<i64> {
    let scope = match (query.client_id, query.project_id) {
        (None, None) => Scope::All,
        (Some(client), None) => Scope::Client(client.0),
        (None, Some(project)) => Scope::Project(project.0),
        (Some(_), Some(_)) => {
            let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*)");
            push_matching(&mut sql, query);
            return Ok(sql.build_query_scalar().fetch_one(db).await?);
        }
    };
    let kept = kept_totals::read(db, List::ProformaInvoice, scope, None).await?;
    Ok(kept.entries)
}

fn push_matching(sql: &mut QueryBuilder<Postgres>, query: &InvoiceQuery) {
    // As the indexes of invoices say it.
    sql.push(r#" FROM "Finances".client_po AS po WHERE po.pi_number <> ''"#);
    if let Some(client) = query.client_id {
        sql.push(" AND po.client_id = ").push_bind(client);
    }
    if let Some(project) = query.project_id {
        sql.push(" AND po.project_id = ").push_bind(project);
    }
}

async fn get(db: impl PgExecutor<'_>, id: ClientPoId) -> Result<ProformaInvoice> {
    let mut sql = QueryBuilder::<Postgres>::new(COLUMNS);
    sql.push(r#" FROM "Finances".client_po AS po"#)
        .push(JOINS)
        .push(" WHERE po.id = ")
        .push_bind(id);
    sql.build_query_as()
        .fetch_optional(db)
        .await?
        .ok_or(Error::NotFound("PO"))
}

/// Makes an invoice with its items.
///
/// # Errors
/// `Invalid` with a fault for each row that is named and not there, and if the project is another client's; `Conflict` if the
/// number is taken.
pub(super) async fn create(uow: &mut UnitOfWork, new: &NewInvoice) -> Result<InvoiceCreated> {
    let made = with_lines::create(
        uow,
        &NewPoWithLines {
            client: new.client_id,
            project: new.project_id,
            seller: match (new.vendor_id, &new.vendor_name) {
                (Some(id), _) => Seller::Known(id),
                (None, Some(name)) => Seller::Named(name),
                (None, None) => Seller::None,
            },
            vendor_address: new.vendor_address.as_deref(),
            po_type: PoType::Proforma,
            po_number: None,
            po_date: None,
            pi_number: Some(&new.number),
            pi_date: new.date,
            stated_value: Some(new.amount),
            notes: None,
            lines: &new.items,
        },
    )
    .await?;
    let ProformaInvoice { invoice, status } = get(uow.conn(), made.id).await?;
    uow.record(Change::created(
        "client_po",
        made.id,
        &Recorded {
            invoice: &invoice,
            line_items: &made.lines,
        },
    ));
    Ok(InvoiceCreated {
        invoice,
        po_status: status,
        line_items: made.lines,
    })
}

/// An invoice in the audit trail.
#[derive(serde::Serialize)]
struct Recorded<'a> {
    #[serde(flatten)]
    invoice: &'a Invoice,
    line_items: &'a [Line],
}
