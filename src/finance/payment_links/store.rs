//! Payment links in the database.
//!
//! Locks are taken in the order of the whole system: client PO, client payment, vendor order, vendor payment. Sums are read
//! in the statement after the lock that guards them: the payment's row guards what is allotted of it, the order's row what
//! it takes, the client PO's row what all orders for it take of what it is worth.

use serde_json::Map;
use sqlx::PgConnection;

use super::{
    Link, LinkSource, LinkType, NewLink, PaymentName, read,
    rules::{Offer, part},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Refusal, Result},
    finance::{
        client_payments::{self, store::LinkablePayment as ClientPayment},
        payments::{PaymentState, TransactionType},
        purchase_orders,
        vendor_orders::{self, store::LockedOrder},
        vendor_payments,
    },
    types::{
        Money,
        ids::{
            ClientPaymentId, ClientPoId, PaymentId, PaymentLinkId, VendorId, VendorOrderId, VendorPaymentId,
        },
    },
    unit_of_work::UnitOfWork,
};

/// How often what a payment's links touch is looked for again, if that changed while it was locked.
const LOCK_ATTEMPTS: usize = 20;
/// The name of the table in the trail.
pub const ENTITY: &str = "payment_vendor_link";

/// Links a part of a payment to an order.
///
/// # Errors
/// `NotFound` if there is no such order, `Stale` if it has another version than `If-Match` says. `Invalid` for an unknown
/// payment, the wrong direction, or a payment to another vendor. `Conflict` for a payment that did not come about, that has
/// an order of its own or is linked to this one already, for an order that was given up, and with the fault types
/// `payment_overlinked` and `order_overlinked` for more than there is.
pub async fn link(uow: &mut UnitOfWork, order: VendorOrderId, new: &NewLink) -> Result<Link> {
    match &new.payment {
        PaymentName::Vendor(payment) => link_vendor_payment(uow, order, *payment, new.amount).await,
        PaymentName::Client(payment) => link_client_payment(uow, order, *payment, new).await,
        PaymentName::Reference(reference) => {
            if !vendor_orders::store::exists(uow.conn(), order).await? {
                return Err(Error::NotFound("Vendor order"));
            }
            let payment = client_payments::store::find_by_reference(uow.conn(), reference).await?;
            link_client_payment(uow, order, payment, new).await
        }
    }
}

async fn link_client_payment(
    uow: &mut UnitOfWork,
    order: VendorOrderId,
    payment: ClientPaymentId,
    new: &NewLink,
) -> Result<Link> {
    let is_incoming = new.link_type == LinkType::Incoming;
    let po = vendor_orders::store::client_po(uow.conn(), order).await?;
    if let Some(po) = po.filter(|_| is_incoming) {
        purchase_orders::store::guard_all(uow.conn(), &[po]).await?;
    }
    let found = client_payments::store::lock_for_link(uow.conn(), payment)
        .await?
        .ok_or_else(|| Error::unknown_reference("payment_id", "payment"))?;
    let locked = vendor_orders::store::lock(uow, order).await?;
    uow.ensure_current(locked.version)?;
    if locked.client_po_id != po {
        return Err(Error::Contended(sqlx::Error::Protocol(
            "a vendor order got another client PO while it was being locked".to_owned(),
        )));
    }
    ensure_direction(&found, new.link_type)?;
    ensure_alive("payment_id", &found.status)?;
    // What goes back to the client may well be for an order that was given up.
    if is_incoming {
        ensure_live(&locked)?;
    }
    let room = match (new.link_type, po) {
        (LinkType::Outgoing, _) => Some(room_for_refund(uow.conn(), order).await?),
        (LinkType::Incoming, Some(po)) => Some(room_of_po(uow.conn(), po).await?),
        (LinkType::Incoming, None) => None,
    };
    let (linked, is_linked) = linked(uow.conn(), Some(payment), None, order).await?;
    let offer = Offer {
        left: found.amount - linked,
        room,
        is_linked,
        named_by: "payment_id",
    };
    let amount = accept(new.amount, offer)?;
    insert(uow, order, new.link_type, Some(payment), None, amount).await
}

async fn link_vendor_payment(
    uow: &mut UnitOfWork,
    order: VendorOrderId,
    payment: VendorPaymentId,
    asked: Option<Money>,
) -> Result<Link> {
    let locked = vendor_orders::store::lock(uow, order).await?;
    uow.ensure_current(locked.version)?;
    let found = vendor_payments::checks::lock_for_link(uow.conn(), payment)
        .await?
        .ok_or_else(|| Error::unknown_reference("vendor_payment_id", "vendor payment"))?;
    if let Some(vendor) = found.vendor_id {
        vendor_payments::checks::ensure_of_order(uow.conn(), &locked, vendor, "vendor_payment_id").await?;
    }
    if let Some(own) = found.vendor_order_id {
        return Err(Error::conflict_field(
            "vendor_payment_id",
            "value_error",
            format!("The payment already belongs to order {own}"),
        ));
    }
    ensure_alive("vendor_payment_id", &found.status)?;
    ensure_live(&locked)?;
    let room = room_of_order(uow.conn(), order).await?;
    let (linked, is_linked) = linked(uow.conn(), None, Some(payment), order).await?;
    let offer = Offer {
        left: found.amount - linked,
        room: Some(room),
        is_linked,
        named_by: "vendor_payment_id",
    };
    let amount = accept(asked, offer)?;
    insert(uow, order, LinkType::Outgoing, None, Some(payment), amount).await
}

fn accept(asked: Option<Money>, offer: Offer) -> Result<Money> {
    part(asked, offer).map_err(|faults| {
        let texts: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        Error::Conflict(Box::new(Refusal {
            message: texts.join("; ").into(),
            faults,
            extra: Map::new(),
        }))
    })
}

/// Money of a client comes in, money back to it goes out.
fn ensure_direction(payment: &ClientPayment, link_type: LinkType) -> Result<()> {
    let (kind, text) = match link_type {
        LinkType::Incoming => (
            TransactionType::Credit,
            "incoming does not go with money back to the client",
        ),
        LinkType::Outgoing => (
            TransactionType::Debit,
            "outgoing does not go with money from the client",
        ),
    };
    if payment.transaction_type == kind.as_str() {
        return Ok(());
    }
    Err(Error::invalid_field("link_type", "value_error", text))
}

fn ensure_alive(field: &'static str, status: &str) -> Result<()> {
    if PaymentState::parse(status).is_some_and(|state| !state.is_dead()) {
        return Ok(());
    }
    Err(Error::conflict_field(
        field,
        "value_error",
        format!("A payment that is {status} cannot be linked"),
    ))
}

fn ensure_live(order: &LockedOrder) -> Result<()> {
    if order.is_live {
        return Ok(());
    }
    Err(Error::conflict("The vendor order is cancelled or rejected"))
}

async fn insert(
    uow: &mut UnitOfWork,
    order: VendorOrderId,
    link_type: LinkType,
    client_payment: Option<ClientPaymentId>,
    vendor_payment: Option<VendorPaymentId>,
    amount: Money,
) -> Result<Link> {
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".payment_vendor_link
               (vendor_order_id, payment_id, vendor_payment_id, link_type, amount_allocated)
        VALUES ($1, $2, $3, $4, $5)
        RETURNING id AS "id: PaymentLinkId"
        "#,
        order as VendorOrderId,
        client_payment as Option<ClientPaymentId>,
        vendor_payment as Option<VendorPaymentId>,
        link_type.as_str(),
        amount as Money,
    )
    .fetch_one(uow.conn())
    .await?;
    let link = read::get(uow.conn(), id).await?;
    uow.record(Change::new(Action::Linked, ENTITY, id).after(&link));
    Ok(link)
}

/// Removes the link of a payment to an order; its id.
///
/// # Errors
/// `NotFound` if there is no such order or no such link, `Stale` if the order has another version than `If-Match` says.
pub async fn unlink(
    uow: &mut UnitOfWork,
    order: VendorOrderId,
    payment: PaymentId,
    source: Option<LinkSource>,
) -> Result<PaymentLinkId> {
    let locked = vendor_orders::store::lock(uow, order).await?;
    uow.ensure_current(locked.version)?;
    // Ids of the two ledgers overlap; the client's comes first.
    let id = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: PaymentLinkId"
          FROM "Finances".payment_vendor_link
         WHERE vendor_order_id = $1
           AND (   (payment_id = $2 AND $3::text IS DISTINCT FROM 'vendor')
                OR (vendor_payment_id = $2 AND $3::text IS DISTINCT FROM 'client'))
         ORDER BY payment_id NULLS LAST
         LIMIT 1
        "#,
        order as VendorOrderId,
        payment.0,
        source.map(LinkSource::as_str),
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or(Error::NotFound("Payment link"))?;
    let link = read::get(uow.conn(), id).await?;
    let done = sqlx::query!(
        r#"DELETE FROM "Finances".payment_vendor_link WHERE id = $1"#,
        id as PaymentLinkId,
    )
    .execute(uow.conn())
    .await?;
    if done.rows_affected() != 1 {
        return Err(Error::NotFound("Payment link"));
    }
    uow.record(Change::new(Action::Unlinked, ENTITY, id).before(&link));
    Ok(id)
}

/// What is allotted of a payment of either ledger, and whether a part of it is this order's.
async fn linked(
    db: &mut PgConnection,
    client_payment: Option<ClientPaymentId>,
    vendor_payment: Option<VendorPaymentId>,
    order: VendorOrderId,
) -> Result<(Money, bool)> {
    let linked = sqlx::query!(
        r#"
        SELECT COALESCE(sum(amount_allocated), 0) AS "amount!: Money",
               COALESCE(bool_or(vendor_order_id = $3), FALSE) AS "is_there!"
          FROM "Finances".payment_vendor_link
         WHERE payment_id = $1
            OR vendor_payment_id = $2
        "#,
        client_payment as Option<ClientPaymentId>,
        vendor_payment as Option<VendorPaymentId>,
        order as VendorOrderId,
    )
    .fetch_one(db)
    .await?;
    Ok((linked.amount, linked.is_there))
}

/// What an order takes of an advance: what it is worth, less what was paid and promised. Negative if that is more.
async fn room_of_order(db: &mut PgConnection, order: VendorOrderId) -> Result<Money> {
    let room = sqlx::query_scalar!(
        r#"
        SELECT po_value - committed AS "room!: Money"
          FROM "Finances".vendor_order_overview
         WHERE id = $1
        "#,
        order as VendorOrderId,
    )
    .fetch_one(db)
    .await?;
    Ok(room)
}

/// What the orders for a client PO take of its payments. Negative if they have more.
async fn room_of_po(db: &mut PgConnection, po: ClientPoId) -> Result<Money> {
    let room = sqlx::query_scalar!(
        r#"SELECT room AS "room!: Money" FROM "Finances".client_po_link_room WHERE id = $1"#,
        po as ClientPoId,
    )
    .fetch_one(db)
    .await?;
    Ok(room)
}

/// What can go back to the client for an order. Negative if more went back than came in.
async fn room_for_refund(db: &mut PgConnection, order: VendorOrderId) -> Result<Money> {
    let room = sqlx::query_scalar!(
        r#"SELECT room AS "room!: Money" FROM "Finances".vendor_order_refund_room WHERE id = $1"#,
        order as VendorOrderId,
    )
    .fetch_one(db)
    .await?;
    Ok(room)
}

/// Checks that the orders which a vendor payment is linked to, all locked, are this vendor's.
///
/// # Errors
/// `Conflict` if one is another's.
pub async fn ensure_orders_of(
    db: &mut PgConnection,
    payment: VendorPaymentId,
    vendor: VendorId,
) -> Result<()> {
    let is_other = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM "Finances".payment_vendor_link AS link
                     JOIN "Finances".vendor_order AS ordered ON ordered.id = link.vendor_order_id
                    WHERE link.vendor_payment_id = $1
                      AND $2 <> ALL (
                          SELECT COALESCE(ordered.vendor_id, item.vendor_id)
                            FROM (VALUES (1)) AS once
                            LEFT JOIN "Finances".vendor_order_line_item AS item
                              ON item.vendor_order_id = ordered.id AND item.vendor_id IS NOT NULL
                           WHERE COALESCE(ordered.vendor_id, item.vendor_id) IS NOT NULL
                          )
                      -- An order that names nobody is anybody's.
                      AND (ordered.vendor_id IS NOT NULL
                           OR EXISTS (
                              SELECT
                                FROM "Finances".vendor_order_line_item AS item
                               WHERE item.vendor_order_id = ordered.id
                                 AND item.vendor_id IS NOT NULL
                              ))
               ) AS "is_other!"
        "#,
        payment as VendorPaymentId,
        vendor as VendorId,
    )
    .fetch_one(db)
    .await?;
    if is_other {
        return Err(Error::conflict_field(
            "vendor_id",
            "value_error",
            "The payment is linked to an order of another vendor; unlink it first",
        ));
    }
    Ok(())
}

/// Orders that have no room for what is linked to them, by their numbers, as one refusal.
fn ensure_none(orders: Option<String>) -> Result<()> {
    let Some(orders) = orders else { return Ok(()) };
    Err(Error::conflict_field(
        "status",
        "order_overlinked",
        format!(
            "What is linked of the payment has no room any more in vendor orders {orders}; unlink it first"
        ),
    ))
}

/// Checks that the orders of a vendor payment which came to life again have room for its links. They are locked, and the
/// payment is written.
///
/// # Errors
/// `Conflict` (fault type `order_overlinked`) if one has not.
pub async fn ensure_room_for_vendor_payment(db: &mut PgConnection, payment: VendorPaymentId) -> Result<()> {
    let orders = sqlx::query_scalar!(
        r#"
        SELECT string_agg(ordered.po_number || ' (' || ordered.id || ')', ', ' ORDER BY ordered.id)
          FROM "Finances".payment_vendor_link AS link
          JOIN "Finances".vendor_payment AS payment ON payment.id = link.vendor_payment_id
          JOIN "Finances".vendor_order_overview AS ordered ON ordered.id = link.vendor_order_id
         WHERE link.vendor_payment_id = $1
           AND link.link_type = 'outgoing'
           AND payment.vendor_order_id IS NULL
           AND ordered.committed > ordered.po_value
        "#,
        payment as VendorPaymentId,
    )
    .fetch_one(db)
    .await?;
    ensure_none(orders)
}

/// Locks a client payment that is linked, first the POs whose room its links take again if it comes to life: its own and
/// those of its orders, as long as it is dead. They come back; without links nothing is locked.
///
/// # Errors
/// `Unavailable` without the database; `Contended` if its links or its status are changed again and again meanwhile.
pub async fn guard_revival(uow: &mut UnitOfWork, payment: ClientPaymentId) -> Result<Vec<ClientPoId>> {
    let is_linked = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM "Finances".payment_vendor_link WHERE payment_id = $1) AS "is_linked!""#,
        payment as ClientPaymentId,
    )
    .fetch_one(uow.conn())
    .await?;
    if !is_linked {
        return Ok(Vec::new());
    }
    for _ in 0..LOCK_ATTEMPTS {
        let start = uow.savepoint().await?;
        let pos = pos_of_revival(uow.conn(), payment).await?;
        purchase_orders::store::guard_all(uow.conn(), &pos).await?;
        client_payments::store::lock_for_link(uow.conn(), payment).await?;
        let needed = pos_of_revival(uow.conn(), payment).await?;
        if needed.iter().all(|po| pos.contains(po)) {
            return Ok(pos);
        }
        // It died or was linked while this waited. The POs have to be locked before it, so that all locks are given back.
        uow.roll_back_to(start).await?;
    }
    Err(Error::Contended(sqlx::Error::Protocol(
        "the links of a payment changed again and again while it was being locked".to_owned(),
    )))
}

async fn pos_of_revival(db: &mut PgConnection, payment: ClientPaymentId) -> Result<Vec<ClientPoId>> {
    let pos = sqlx::query_scalar!(
        r#"
        SELECT client_po_id AS "id!: ClientPoId"
          FROM "Finances".client_payment
         WHERE id = $1
           AND client_po_id IS NOT NULL
         UNION
        SELECT ordered.client_po_id
          FROM "Finances".client_payment AS payment
          JOIN "Finances".payment_vendor_link AS link ON link.payment_id = payment.id
          JOIN "Finances".vendor_order AS ordered ON ordered.id = link.vendor_order_id
         WHERE payment.id = $1
           AND payment.status NOT IN ('pending', 'processing', 'cleared', 'completed', 'reconciled')
           AND ordered.client_po_id IS NOT NULL
        "#,
        payment as ClientPaymentId,
    )
    .fetch_all(db)
    .await?;
    Ok(pos)
}

/// Checks that the orders of a client payment which came to life again have room for its links. The payment is written; its
/// POs are those that [`guard_revival`] locked.
///
/// # Errors
/// `Conflict` (fault type `order_overlinked`) if one has not; `Contended` if one got another PO meanwhile.
pub async fn ensure_room_for_client_payment(
    db: &mut PgConnection,
    payment: ClientPaymentId,
    guarded: &[ClientPoId],
) -> Result<()> {
    let linked = sqlx::query_scalar!(
        r#"
        SELECT vendor_order_id AS "id!: VendorOrderId"
          FROM "Finances".payment_vendor_link
         WHERE payment_id = $1
           AND vendor_order_id IS NOT NULL
        "#,
        payment as ClientPaymentId,
    )
    .fetch_all(&mut *db)
    .await?;
    vendor_orders::store::lock_rows(&mut *db, &linked).await?;
    let found = sqlx::query!(
        r#"
        SELECT string_agg(ordered.po_number || ' (' || ordered.id || ')', ', ' ORDER BY ordered.id)
                   FILTER (WHERE CASE link.link_type WHEN 'incoming' THEN po.room < 0 ELSE own.room < 0 END) AS orders,
               COALESCE(bool_or(link.link_type = 'incoming' AND ordered.client_po_id <> ALL ($2)), FALSE) AS "is_moved!"
          FROM "Finances".payment_vendor_link AS link
          JOIN "Finances".vendor_order AS ordered ON ordered.id = link.vendor_order_id
          LEFT JOIN "Finances".client_po_link_room AS po ON po.id = ordered.client_po_id AND link.link_type = 'incoming'
          LEFT JOIN "Finances".vendor_order_refund_room AS own ON own.id = ordered.id AND link.link_type = 'outgoing'
         WHERE link.payment_id = $1
        "#,
        payment as ClientPaymentId,
        guarded as &[ClientPoId],
    )
    .fetch_one(db)
    .await?;
    if found.is_moved {
        return Err(Error::Contended(sqlx::Error::Protocol(
            "a vendor order got another client PO while its payment was being changed".to_owned(),
        )));
    }
    ensure_none(found.orders)
}
