//! POs by store: where a client's POs are bundled by store, those of one store are shown as one; every other PO stands alone.

use sqlx::{FromRow, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

use serde::Serialize;

use super::{
    list::{BUNDLE_SORTS, by_client_and_store},
    model::{PaymentStatus, PoStatus, PurchaseOrder, PurchaseOrderView},
    store::po_columns,
};
use crate::{
    error::Result,
    finance::{
        kept_totals::{self, KeptTotal, List, Scope},
        line_items::{self, Line, LineView},
    },
    http::list::{Order, PageInfo, Paging, SortKey},
    postgres::Pool,
    types::{
        Fields, FromFields, Money,
        ids::{ClientId, ClientPoId},
    },
};

/// Which POs are bundled.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BundleQuery {
    /// Only this client's.
    client_id: Option<ClientId>,
    /// Only POs that stand so.
    #[param(inline)]
    status: Option<PoStatus>,
    /// Whether each bundle has the lines of its POs.
    include_lines: Option<bool>,
    #[param(ignore)]
    paging: Paging,
    #[param(ignore)]
    order: Order,
}

impl FromFields for BundleQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            client_id: fields.optional("client_id"),
            status: fields.optional("status"),
            include_lines: fields.optional("include_lines"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &BUNDLE_SORTS, by_client_and_store()),
        })
    }
}

impl BundleQuery {
    fn push_filters(&self, sql: &mut QueryBuilder<Postgres>, table: &str) {
        if let Some(client) = self.client_id {
            sql.push(format_args!(" AND {table}.client_id = "))
                .push_bind(client);
        }
        if let Some(status) = self.status {
            sql.push(format_args!(" AND {table}.status = "))
                .push_bind(status.as_str());
        }
    }
}

/// How a bundle is marked.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct BadgeLook {
    color: &'static str,
    icon: &'static str,
}

/// What a bundle is, in words for the eye.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Badge {
    #[serde(rename = "type")]
    #[schema(example = "bundled")]
    kind: &'static str,
    #[schema(example = "Bundle (2 POs)")]
    label: String,
    #[serde(flatten)]
    look: BadgeLook,
}

/// The POs of a client for one store, or a PO that stands alone: the newest PO with the figures of all of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Bundle {
    #[serde(flatten)]
    head: PurchaseOrderView,
    bundle_id: ClientPoId,
    /// The newest first.
    po_ids: Vec<ClientPoId>,
    bundled_po_ids: Vec<ClientPoId>,
    po_numbers: Vec<String>,
    is_bundled: bool,
    total_po_value: Money,
    total_receivable: Money,
    #[schema(example = "BUNDLED-ST-104")]
    display_identifier: String,
    badge: Badge,
    bundling_note: Option<String>,
    po_details: Vec<PurchaseOrderView>,
    /// Empty unless `include_lines=true`.
    #[schema(value_type = Vec<LineView<'static>>)]
    line_items: Vec<Line>,
}

/// A page of bundles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct BundleList {
    bundles: Vec<Bundle>,
    /// All bundles, POs that stand alone too.
    bundle_count: i64,
    /// Those of more than one PO.
    bundled_groups: i64,
    single_po_groups: i64,
    total_po_value: Money,
    total_paid: Money,
    total_receivable: Money,
    total_line_items: i64,
    summary: BundleCounts,
    #[serde(flatten)]
    page: PageInfo,
}

/// How many bundles there are of each kind.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct BundleCounts {
    bundled_count: i64,
    single_count: i64,
}

/// A PO of a bundle; the bundle is named by its newest PO.
#[derive(FromRow)]
struct Member {
    #[sqlx(flatten)]
    po: PurchaseOrder,
    bundle_id: ClientPoId,
    sort_key: SortKey,
}

/// A page of bundles and the sums over all of them.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn list(db: &Pool, query: &BundleQuery) -> Result<BundleList> {
    let members = members(db, query).await?;
    let status = query.status.map(PoStatus::as_str);
    let counts = kept_totals::bundle_counts(db, query.client_id, status).await?;
    let totals = totals(db, query).await?;
    let last = members.last().and_then(|member| member.sort_key.read());
    let mut lines = if query.include_lines == Some(true) {
        let ids: Vec<ClientPoId> = members.iter().map(|member| member.po.id).collect();
        line_items::store::of_pos(db, &ids).await?
    } else {
        Vec::new()
    };

    let mut bundles: Vec<Bundle> = Vec::new();
    let mut members = members.into_iter().peekable();
    while let Some(Member { po, bundle_id, .. }) = members.next() {
        let mut pos = vec![po];
        while let Some(member) = members.next_if(|member| member.bundle_id == bundle_id) {
            pos.push(member.po);
        }
        let own = lines.extract_if(.., |line| pos.iter().any(|po| po.id == line.client_po_id));
        let own: Vec<Line> = own.collect();
        bundles.extend(bundle(pos, own));
    }
    let page = query.paging.info(counts.bundles, bundles.len(), last);
    let single = counts.bundles - counts.shared;
    Ok(BundleList {
        bundles,
        bundle_count: counts.bundles,
        bundled_groups: counts.shared,
        single_po_groups: single,
        total_po_value: totals.amount,
        total_paid: totals.paid,
        total_receivable: totals.amount - totals.paid,
        total_line_items: totals.lines,
        summary: BundleCounts {
            bundled_count: counts.shared,
            single_count: single,
        },
        page,
    })
}

async fn totals(db: &Pool, query: &BundleQuery) -> Result<KeptTotal> {
    let scope = query
        .client_id
        .map_or(Scope::All, |client| Scope::Client(client.0));
    let status = query.status.map(|status| [status.as_str()]);
    let statuses = status.as_ref().map(<[_; 1]>::as_slice);
    kept_totals::read(db, List::ClientPo, scope, statuses).await
}

/// The POs of a page of bundles, bundle by bundle, the newest of each first.
async fn members(db: &Pool, query: &BundleQuery) -> Result<Vec<Member>> {
    // A bundle is found by its newest PO: the one than which its store has no newer one.
    let mut sql = QueryBuilder::<Postgres>::new(
        r"WITH head AS (
        SELECT po.*, COALESCE(client.bundle_by_store, FALSE) AND po.store_id IS NOT NULL AS is_shared",
    );
    query.order.push_key(&mut sql);
    sql.push(
        r#" FROM "Finances".client_po AS po
          LEFT JOIN "Finances".client ON client.id = po.client_id
         WHERE (   NOT COALESCE(client.bundle_by_store, FALSE)
                OR po.store_id IS NULL
                OR NOT EXISTS (
                       SELECT
                         FROM "Finances".client_po AS newer
                        WHERE newer.client_id = po.client_id
                          AND newer.store_id = po.store_id
                          AND (COALESCE(newer.created_at, '-infinity'), newer.id)
                              > (COALESCE(po.created_at, '-infinity'), po.id)"#,
    );
    query.push_filters(&mut sql, "newer");
    sql.push("))");
    query.push_filters(&mut sql, "po");
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql.push("), placed AS (SELECT po.id, po.client_id, po.store_id, po.is_shared, po.sort_key, row_number() OVER (");
    query.order.push_order(&mut sql);
    sql.push(
        r#") AS place FROM head AS po),
        member AS (
            SELECT placed.id AS bundle_id, placed.place, placed.sort_key, placed.id
              FROM placed
             WHERE NOT placed.is_shared
             UNION ALL
            SELECT placed.id, placed.place, placed.sort_key, po.id
              FROM placed
              JOIN "Finances".client_po AS po
                ON po.client_id = placed.client_id AND po.store_id = placed.store_id
             WHERE placed.is_shared"#,
    );
    query.push_filters(&mut sql, "po");
    sql.push(concat!(
        ")",
        po_columns!(),
        r#", member.bundle_id, member.sort_key
          FROM member
          JOIN "Finances".client_po_figures AS po ON po.id = member.id
         ORDER BY member.place, po.created_at DESC NULLS LAST, po.id DESC"#
    ));
    Ok(sql.build_query_as().fetch_all(db).await?)
}

/// One bundle of its POs, the newest first; `None` of none.
fn bundle(pos: Vec<PurchaseOrder>, line_items: Vec<Line>) -> Option<Bundle> {
    let newest = pos.first()?;
    let is_bundled = pos.len() > 1;
    let live = || pos.iter().filter(|po| po.status != PoStatus::Cancelled.as_str());
    let sum = |figure: fn(&PurchaseOrder) -> Money| -> Money { live().map(figure).sum() };
    let mut head = PurchaseOrderView::from(newest.clone());

    head.project_id = pos.iter().find_map(|po| po.project_id);
    head.project_name = pos.iter().find_map(|po| po.project_name.clone());
    head.vendor_name = pos.iter().find_map(|po| po.vendor_name.clone());
    head.pi_number = pos.iter().find_map(|po| po.pi_number.clone());
    head.po_date = pos.iter().find_map(|po| po.po_date);
    if pos.iter().any(|po| po.status != newest.status) {
        PoStatus::Active.as_str().clone_into(&mut head.status);
    }
    head.po_value = sum(|po| po.po_value);
    head.net_value = sum(|po| po.net_value);
    head.total_tax = sum(|po| po.total_tax);
    head.total_paid = sum(|po| po.total_paid);
    head.payment_amount = head.total_paid;
    head.total_tds = sum(|po| po.total_tds);
    head.net_received = sum(|po| po.net_received);
    head.receivable_amount = head.po_value - head.total_paid;
    head.outstanding_amount = head.receivable_amount;
    PaymentStatus::of(head.total_paid, head.po_value)
        .as_str()
        .clone_into(&mut head.payment_status);
    head.payment_count = pos.iter().map(|po| po.payment_count).sum();
    head.line_count = pos.iter().map(|po| po.line_item_count).sum();
    head.line_item_count = head.line_count;

    let name = |po: &PurchaseOrder| po.po_number.clone().unwrap_or_else(|| format!("PO-{}", po.id));
    let ids: Vec<ClientPoId> = pos.iter().map(|po| po.id).collect();
    let po_numbers: Vec<String> = pos.iter().map(name).collect();
    let (badge, display_identifier, bundling_note) = if is_bundled {
        let count = pos.len();
        (
            Badge {
                kind: "bundled",
                label: format!("Bundle ({count} POs)"),
                look: BadgeLook {
                    color: "blue",
                    icon: "package",
                },
            },
            format!("BUNDLED-{}", newest.store_id.as_deref().unwrap_or_default()),
            Some(format!(
                "This bundle contains {count} POs: {}",
                po_numbers.join(", ")
            )),
        )
    } else {
        (
            Badge {
                kind: "single",
                label: "Single PO".to_owned(),
                look: BadgeLook {
                    color: "gray",
                    icon: "file",
                },
            },
            name(newest),
            None,
        )
    };
    Some(Bundle {
        bundle_id: newest.id,
        po_ids: ids.clone(),
        bundled_po_ids: ids,
        po_numbers,
        is_bundled,
        total_po_value: head.po_value,
        total_receivable: head.receivable_amount,
        display_identifier,
        badge,
        bundling_note,
        po_details: pos.into_iter().map(Into::into).collect(),
        line_items,
        head,
    })
}
