//! Client payments in the database.

use sqlx::{PgConnection, PgExecutor, Postgres, QueryBuilder};

use super::{
    ClientPaymentChange, NewClientPayment,
    model::{PoPaymentQuery, PoPaymentSummary, tds_above_amount},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Result},
    finance::{
        kept_totals::{self, Counted, List, Scope},
        payment_links,
        payments::{
            Payment, PaymentQuery, PaymentState, Reconciliation, States,
            rules::Mover,
            store::{
                BatchMove, Linked, ensure_batch_may_move, ensure_links_fit, ensure_may_change, ensure_may_go,
                ensure_may_move, record_batch, record_change,
            },
        },
        purchase_orders,
    },
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::{
        Money,
        ids::{ClientPaymentId, ClientPoId, PaymentId},
    },
    unit_of_work::UnitOfWork,
};

/// The name of the table in the trail.
pub const ENTITY: &str = "client_payment";

/// The columns of [`Payment`], of a client payment as `payment`, its PO as `po` and its client as `client`.
macro_rules! client_payment_columns {
    () => {
        "
        SELECT payment.id, 'client' AS kind, payment.client_po_id AS po_id, payment.client_id,
               client.name AS client_name, po.po_number, po.project_id, payment.payment_date, payment.amount,
               payment.payment_mode, payment.status, payment.payment_stage, payment.transaction_type,
               payment.is_tds_deducted, payment.tds_amount, payment.received_by_account, payment.reference_number,
               payment.notes, payment.batch_reference, payment.reconciled_at, NULL::bigint AS vendor_id,
               NULL AS vendor_name, NULL AS vendor_email, NULL::bigint AS vendor_order_id, payment.version,
               payment.created_at, payment.updated_at"
    };
}

/// Where the columns of a client payment come from.
macro_rules! client_payment_tables {
    () => {
        r#"
          FROM "Finances".client_payment AS payment
          LEFT JOIN "Finances".client_po AS po ON po.id = payment.client_po_id
          LEFT JOIN "Finances".client ON client.id = payment.client_id"#
    };
}

/// A payment that must be there.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: ClientPaymentId) -> Result<Payment> {
    const SQL: &str = concat!(
        client_payment_columns!(),
        client_payment_tables!(),
        " WHERE payment.id = $1"
    );
    // A row that both ledgers make cannot be named to the checking macro.
    let payment = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    payment.ok_or(Error::NotFound("Payment"))
}

/// Payments in the order of their ids; those that are not there are left out.
async fn get_all(db: impl PgExecutor<'_>, ids: &[ClientPaymentId]) -> Result<Vec<Payment>> {
    const SQL: &str = concat!(
        client_payment_columns!(),
        client_payment_tables!(),
        " WHERE payment.id = ANY ($1) ORDER BY payment.id"
    );
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as(SQL).bind(ids).fetch_all(db).await?)
}

/// The payments of some POs, PO after PO, the latest first.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list_of_pos(db: impl PgExecutor<'_>, pos: &[ClientPoId]) -> Result<Vec<Payment>> {
    const SQL: &str = concat!(
        client_payment_columns!(),
        client_payment_tables!(),
        "
         WHERE payment.client_po_id = ANY ($1)
         ORDER BY payment.client_po_id, payment.payment_date DESC NULLS LAST, payment.id DESC"
    );
    let pos: Vec<i64> = pos.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as(SQL).bind(pos).fetch_all(db).await?)
}

/// A page of a PO's payments, and the sums over all of them.
///
/// # Errors
/// `NotFound` if there is no such PO.
pub async fn list_of_po(
    db: &Pool,
    po: ClientPoId,
    query: &PoPaymentQuery,
) -> Result<(Vec<Payment>, PoPaymentSummary, PageInfo)> {
    let words = query.status.as_ref().map(States::words);
    let summary = sqlx::query!(
        r#"
        SELECT figures.total_paid AS "total_paid!: Money",
               figures.total_tds AS "total_tds!: Money",
               figures.net_received AS "net_received!: Money",
               figures.po_value AS "po_value!: Money",
               figures.outstanding_amount AS "outstanding_amount!: Money",
               figures.payment_status AS "payment_status!",
               entry.credit AS "total_credit!: Money",
               entry.debit AS "total_debit!: Money",
               entry.cleared AS "cleared_count!",
               entry.pending AS "pending_count!",
               entry.bounced AS "bounced_count!",
               entry.matching AS "matching!"
          FROM "Finances".client_po_figures AS figures
         CROSS JOIN LATERAL (
               SELECT COALESCE(sum(amount) FILTER (WHERE status IN ('cleared', 'completed', 'reconciled')
                                                     AND transaction_type <> 'debit'), 0) AS credit,
                      COALESCE(sum(amount) FILTER (WHERE status IN ('cleared', 'completed', 'reconciled')
                                                     AND transaction_type = 'debit'), 0) AS debit,
                      count(*) FILTER (WHERE status IN ('cleared', 'completed', 'reconciled')) AS cleared,
                      count(*) FILTER (WHERE status IN ('pending', 'processing')) AS pending,
                      count(*) FILTER (WHERE status IN ('bounced', 'failed')) AS bounced,
                      count(*) FILTER (WHERE $2::text[] IS NULL OR status = ANY ($2)) AS matching
                 FROM "Finances".client_payment
                WHERE client_po_id = figures.id
               ) AS entry
         WHERE figures.id = $1
        "#,
        po as ClientPoId,
        words.as_deref() as Option<&[&str]>,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("PO"))?;

    let mut sql = QueryBuilder::<Postgres>::new(client_payment_columns!());
    query.order.push_key(&mut sql);
    sql.push(concat!(
        client_payment_tables!(),
        " WHERE payment.client_po_id = "
    ))
    .push_bind(po);
    if let Some(words) = words {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        sql.push(" AND payment.status = ANY (").push_bind(words).push(")");
    }
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<Payment>> = sql.build_query_as().fetch_all(db).await?;

    let (rows, page) = query.paging.page(rows, summary.matching);
    let summary = PoPaymentSummary {
        total_paid: summary.total_paid,
        total_tds: summary.total_tds,
        net_received: summary.net_received,
        total_credit: summary.total_credit,
        total_debit: summary.total_debit,
        po_value: summary.po_value,
        receivable_amount: summary.outstanding_amount,
        outstanding_amount: summary.outstanding_amount,
        payment_status: summary.payment_status,
        cleared_count: summary.cleared_count,
        pending_count: summary.pending_count,
        bounced_count: summary.bounced_count,
    };
    Ok((rows, summary, page))
}

/// A page of client payments.
///
/// # Errors
/// `Invalid` if the query names something that does not exist.
pub async fn list(db: &Pool, query: &PaymentQuery) -> Result<(Vec<Payment>, PageInfo)> {
    // The page is cut out of the bare table by an index; names are looked up for its rows only.
    let mut sql = QueryBuilder::<Postgres>::new("WITH page AS (SELECT payment.id");
    push_matching(&mut sql, query);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql.push(concat!(")", client_payment_columns!()));
    query.order.push_key(&mut sql);
    sql.push(client_payment_tables!())
        .push(" JOIN page ON page.id = payment.id");
    query.order.push_order(&mut sql);
    let rows: Vec<Listed<Payment>> = sql.build_query_as().fetch_all(db).await?;

    let total = total_count(db, query).await?;
    if total == 0 {
        query.ensure_known(db).await?;
    }
    Ok(query.paging.page(rows, total))
}

fn push_matching(sql: &mut QueryBuilder<Postgres>, query: &PaymentQuery) {
    sql.push(r#" FROM "Finances".client_payment AS payment"#);
    if let Some(project) = query.project_id {
        sql.push(
            r#" JOIN "Finances".client_po AS po ON po.id = payment.client_po_id
                WHERE po.project_id = "#,
        )
        .push_bind(project);
    } else {
        sql.push(" WHERE TRUE");
    }
    if let Some(client) = query.client_id {
        sql.push(" AND payment.client_id = ").push_bind(client);
    }
    if let Some(po) = query.po_id {
        sql.push(" AND payment.client_po_id = ").push_bind(po);
    }
    if let Some(kind) = query.transaction_type {
        sql.push(" AND payment.transaction_type = ")
            .push_bind(kind.as_str());
    }
    query.push_common_filters(sql);
}

/// How many payments match: as it is kept, where it is kept, else counted.
async fn total_count(db: &Pool, query: &PaymentQuery) -> Result<i64> {
    let scope = match (query.client_id, query.project_id) {
        (None, None) => Some(Scope::All),
        (Some(client), None) => Some(Scope::Client(client.0)),
        (None, Some(project)) => Some(Scope::Project(project.0)),
        (Some(_), Some(_)) => None,
    };
    if let Some(scope) = scope.filter(|_| query.is_counted_by_whose()) {
        let words = query.status.as_ref().map(States::words);
        let kept = kept_totals::read(db, List::ClientPayment, scope, words.as_deref()).await?;
        return Ok(kept.entries);
    }
    let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*)");
    push_matching(&mut sql, query);
    Ok(sql.build_query_scalar().fetch_one(db).await?)
}

/// Records a payment for a PO.
///
/// # Errors
/// `NotFound` if there is no such PO, `Conflict` if it has no client.
pub async fn insert(uow: &mut UnitOfWork, po: ClientPoId, new: &NewClientPayment) -> Result<Payment> {
    let locked = purchase_orders::store::lock(uow, po).await?;
    let client = locked
        .client_id
        .ok_or_else(|| Error::conflict("The PO has no client whose payment it could be"))?;
    let NewClientPayment {
        payment_date,
        amount,
        payment_mode,
        status,
        payment_stage,
        transaction_type,
        is_tds_deducted,
        tds_amount,
        received_by_account,
        reference_number,
        notes,
    } = new;
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".client_payment
               (client_id, client_po_id, payment_date, amount, payment_mode, status, payment_stage, transaction_type,
                is_tds_deducted, tds_amount, received_by_account, reference_number, notes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        RETURNING id AS "id: ClientPaymentId"
        "#,
        client.0,
        po.0,
        payment_date,
        amount.0,
        payment_mode.as_str(),
        status.as_str(),
        payment_stage.as_str(),
        transaction_type.as_str(),
        is_tds_deducted,
        tds_amount.0,
        received_by_account.as_deref(),
        reference_number.as_deref(),
        notes.as_deref(),
    )
    .fetch_one(uow.conn())
    .await?;
    let payment = get(uow.conn(), id).await?;
    uow.record(Change::created(ENTITY, id, &payment));
    Ok(payment)
}

/// Locks payments, their POs first, and has the kept totals follow them; they come in the order of their ids, and those that
/// are not there are left out.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock(uow: &mut UnitOfWork, ids: &[ClientPaymentId]) -> Result<Vec<Payment>> {
    let raw: Vec<i64> = ids.iter().map(|id| id.0).collect();
    // A payment stays with its PO, so that this holds after the lock too.
    let pos: Vec<ClientPoId> = sqlx::query_scalar!(
        r#"
        SELECT DISTINCT client_po_id AS "id!: ClientPoId"
          FROM "Finances".client_payment
         WHERE id = ANY ($1)
           AND client_po_id IS NOT NULL
        "#,
        &raw,
    )
    .fetch_all(uow.conn())
    .await?;
    purchase_orders::store::lock_all(uow, &pos).await?;
    sqlx::query!(
        r#"SELECT id FROM "Finances".client_payment WHERE id = ANY ($1) ORDER BY id FOR UPDATE"#,
        &raw,
    )
    .fetch_all(uow.conn())
    .await?;
    let counted: Vec<Counted> = ids.iter().copied().map(Counted::ClientPayment).collect();
    uow.follow(&counted).await?;
    get_all(uow.conn(), ids).await
}

/// What a link has to know of a client payment, under its lock.
#[derive(Debug, Clone)]
pub struct LinkablePayment {
    /// The gross sum settled.
    pub amount: Money,
    /// One of [`PaymentState`], or an older word.
    pub status: String,
    /// `credit` or `debit`, or an older word.
    pub transaction_type: String,
}

/// Locks a payment for a link to a vendor order, before that order; its PO and its figures stay as they are. `None` if there
/// is none of this id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_for_link(db: &mut PgConnection, id: ClientPaymentId) -> Result<Option<LinkablePayment>> {
    let payment = sqlx::query_as!(
        LinkablePayment,
        r#"
        SELECT amount AS "amount: Money",
               status,
               transaction_type
          FROM "Finances".client_payment
         WHERE id = $1
           FOR UPDATE
        "#,
        id as ClientPaymentId,
    )
    .fetch_optional(db)
    .await?;
    Ok(payment)
}

/// The one payment that has this reference.
///
/// # Errors
/// `Invalid` if none has it, `Conflict` if several have.
pub async fn find_by_reference(db: &mut PgConnection, reference: &str) -> Result<ClientPaymentId> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: ClientPaymentId"
          FROM "Finances".client_payment
         WHERE reference_number = $1
         ORDER BY id
         LIMIT 2
        "#,
        reference,
    )
    .fetch_all(db)
    .await?;
    match *ids {
        [] => Err(Error::unknown_reference("payment_id", "payment")),
        [id] => Ok(id),
        _ => Err(Error::conflict_field(
            "payment_id",
            "value_error",
            "Several payments have this reference; name one by its id",
        )),
    }
}

/// Locks the payment that a request is about.
async fn lock_one(uow: &mut UnitOfWork, id: ClientPaymentId) -> Result<Payment> {
    let payment = lock(uow, &[id]).await?.pop().ok_or(Error::NotFound("Payment"))?;
    uow.ensure_current(payment.version)?;
    Ok(payment)
}

/// Changes a payment; the flag says whether anything is different.
///
/// # Errors
/// `NotFound`, `Stale`; `Invalid` for another PO, or for more tax withheld than the amount; `Conflict` for a status that it
/// must not get, a reconciled payment, an amount below what is linked, or links for which there is no room any more when the
/// payment comes to life again; `Forbidden` where only an admin may.
pub async fn update(
    uow: &mut UnitOfWork,
    id: ClientPaymentId,
    change: &ClientPaymentChange,
    mover: Mover,
    note: Option<&str>,
) -> Result<(Payment, bool)> {
    let guarded = match change.status {
        Some(state) if !state.is_dead() => payment_links::store::guard_revival(uow, id).await?,
        _ => Vec::new(),
    };
    let before = lock_one(uow, id).await?;
    if change.po_id.is_some() && change.po_id != before.po_id {
        return Err(Error::invalid_field(
            "po_id",
            "value_error",
            "A payment cannot be moved to another PO",
        ));
    }
    let after = change.apply(&before);
    if after == before {
        return Ok((before, false));
    }
    ensure_may_change(&before, &after, mover == Mover::Admin)?;
    if let Some(state) = change.status {
        ensure_may_move(&before, state, mover)?;
    }
    let is_tds_given =
        change.amount.is_some() || change.tds_amount.is_some() || change.is_tds_deducted.is_some();
    if is_tds_given && after.tds_amount > Some(after.amount) {
        let problem = tds_above_amount();
        return Err(Error::invalid(vec![Fault::new(
            "tds_amount",
            problem.kind,
            problem.message,
        )]));
    }
    let linked = linked(uow.conn(), id).await?;
    ensure_links_fit(&before, &after, &linked)?;
    if after.transaction_type != before.transaction_type
        && let Some(orders) = &linked.orders
    {
        return Err(Error::conflict_field(
            "transaction_type",
            "value_error",
            format!("The payment is linked to vendor orders {orders}; unlink it first"),
        ));
    }
    store(uow.conn(), id, &after).await?;
    let is_alive = |payment: &Payment| payment.state().is_some_and(|state| !state.is_dead());
    if is_alive(&after) && !is_alive(&before) && linked.orders.is_some() {
        payment_links::store::ensure_room_for_client_payment(uow.conn(), id, &guarded).await?;
    }
    let stored = get(uow.conn(), id).await?;
    record_change(uow, ENTITY, &before, &stored, Action::StatusChanged, note);
    Ok((stored, true))
}

/// Marks a payment that arrived as found in the bank's statement; the flag says whether it was not so before.
///
/// # Errors
/// `NotFound`, `Stale`; `Conflict` if it did not arrive.
pub async fn reconcile(
    uow: &mut UnitOfWork,
    id: ClientPaymentId,
    found: &Reconciliation,
) -> Result<(Payment, bool)> {
    let before = lock_one(uow, id).await?;
    if !ensure_may_move(&before, PaymentState::Reconciled, Mover::Reconciliation)? {
        return Ok((before, false));
    }
    let mut after = before.clone();
    PaymentState::Reconciled.as_str().clone_into(&mut after.status);
    if let Some(reference) = &found.reference_number {
        after.reference_number = Some(reference.to_string());
    }
    store(uow.conn(), id, &after).await?;
    let stored = get(uow.conn(), id).await?;
    record_change(
        uow,
        ENTITY,
        &before,
        &stored,
        Action::Reconciled,
        found.notes.as_deref(),
    );
    Ok((stored, true))
}

/// Writes the fields of a payment that can change.
async fn store(db: &mut PgConnection, id: ClientPaymentId, payment: &Payment) -> Result<()> {
    let done = sqlx::query!(
        r#"
        UPDATE "Finances".client_payment
           SET payment_date = $2,
               amount = $3,
               payment_mode = $4,
               status = $5::text,
               payment_stage = $6,
               transaction_type = $7,
               is_tds_deducted = $8,
               tds_amount = $9,
               received_by_account = $10,
               reference_number = $11,
               notes = $12,
               reconciled_at = CASE WHEN $5::text = 'reconciled' THEN COALESCE(reconciled_at, now()) END,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        id.0,
        payment.payment_date,
        payment.amount.0,
        payment.payment_mode,
        payment.status,
        payment.payment_stage,
        payment.transaction_type,
        payment.is_tds_deducted,
        payment.tds_amount as Option<Money>,
        payment.received_by_account,
        payment.reference_number,
        payment.notes,
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::NotFound("Payment"))
    }
}

/// Deletes a payment and gives back what it was.
///
/// # Errors
/// `NotFound`, `Stale`; `Conflict` if it is reconciled or linked to vendor orders.
pub async fn delete(uow: &mut UnitOfWork, id: ClientPaymentId) -> Result<Payment> {
    let payment = lock_one(uow, id).await?;
    ensure_may_go(&payment, &linked(uow.conn(), id).await?)?;
    let done = sqlx::query!(r#"DELETE FROM "Finances".client_payment WHERE id = $1"#, id.0)
        .execute(uow.conn())
        .await?;
    if done.rows_affected() != 1 {
        return Err(Error::NotFound("Payment"));
    }
    uow.record(Change::new(Action::Deleted, ENTITY, id).before(&payment));
    Ok(payment)
}

/// Moves all payments of a batch, or none; their sum.
///
/// # Errors
/// `Invalid` with a fault for each unknown id; `Conflict` with one for each that must not move.
pub async fn move_batch(uow: &mut UnitOfWork, ids: &[PaymentId], batch: &BatchMove<'_>) -> Result<Money> {
    let own: Vec<ClientPaymentId> = ids.iter().map(|id| ClientPaymentId(id.0)).collect();
    let payments = lock(uow, &own).await?;
    ensure_batch_may_move(ids, &payments, batch.from, batch.to)?;
    let raw: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        r#"
        UPDATE "Finances".client_payment
           SET status = $2,
               batch_reference = $3,
               version = version + 1,
               updated_at = now()
         WHERE id = ANY ($1)
        "#,
        &raw,
        batch.to.as_str(),
        batch.reference,
    )
    .execute(uow.conn())
    .await?;
    record_batch(uow, ENTITY, &payments, batch);
    Ok(payments.iter().map(|payment| payment.amount).sum())
}

/// What links hold of a payment; its row is locked, so that no link can come in between.
async fn linked(db: &mut PgConnection, id: ClientPaymentId) -> Result<Linked> {
    let linked = sqlx::query_as!(
        Linked,
        r#"
        SELECT COALESCE(sum(link.amount_allocated), 0) AS "amount!: Money",
               string_agg(ordered.po_number || ' (' || ordered.id || ')', ', ' ORDER BY ordered.id) AS orders
          FROM "Finances".payment_vendor_link AS link
          JOIN "Finances".vendor_order AS ordered ON ordered.id = link.vendor_order_id
         WHERE link.payment_id = $1
        "#,
        id.0,
    )
    .fetch_one(db)
    .await?;
    Ok(linked)
}
