//! Vendors in the database.

use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, Postgres, QueryBuilder};

use super::{NewVendor, RateConfiguration, Vendor, VendorChange, model::VendorQuery};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Result},
    finance::{
        kept_totals::{Counted, Kept, List, Scope},
        purchase_orders::delete::{ensure_unneeded, reason},
    },
    http::list::{Listed, PageInfo, contains},
    postgres::Pool,
    types::ids::VendorId,
    unit_of_work::UnitOfWork,
};

/// The name of the table in the trail.
const ENTITY: &str = "vendor";

/// The columns of [`Vendor`].
macro_rules! vendor_columns {
    () => {
        "
        SELECT vendor.id, vendor.name, vendor.contact_person, vendor.email, vendor.phone, vendor.address, vendor.gstin,
               vendor.vendor_code, vendor.city, vendor.state, vendor.country, vendor.pincode, vendor.payment_terms,
               vendor.status, vendor.master_type, vendor.rate_configuration, vendor.version, vendor.created_at,
               vendor.updated_at"
    };
}
pub(super) use vendor_columns;

/// A page of vendors.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list(db: &Pool, query: &VendorQuery) -> Result<(Vec<Vendor>, PageInfo)> {
    if query.name.is_some() || query.search.is_some() || query.gstin.is_some() {
        return search(db, query).await;
    }
    let kept = Kept {
        list: List::Vendor,
        scope: Scope::All,
        statuses: query.status.map(|status| vec![status.as_str()]),
        payment_status: None,
    };
    let (rows, total) = kept.page(db, page(query, |sql| kept.push(sql))).await?;
    Ok(query.paging.page(rows, total.entries))
}

/// The same of those with a name or a GSTIN, which are counted. Whether an index pays depends on the text: each search is
/// planned for its own.
async fn search(db: &Pool, query: &VendorQuery) -> Result<(Vec<Vendor>, PageInfo)> {
    let is_planned_once = query.name.is_none() && query.search.is_none();
    let rows: Vec<Listed<Vendor>> = page(query, |_| ())
        .build_query_as()
        .persistent(is_planned_once)
        .fetch_all(db)
        .await?;
    let mut sql = QueryBuilder::<Postgres>::new(r#"SELECT count(*) FROM "Finances".vendor WHERE TRUE"#);
    push_filters(&mut sql, query);
    let total = sql
        .build_query_scalar()
        .persistent(is_planned_once)
        .fetch_one(db)
        .await?;
    Ok(query.paging.page(rows, total))
}

fn page(query: &VendorQuery, push_more: impl FnOnce(&mut QueryBuilder<Postgres>)) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::<Postgres>::new(vendor_columns!());
    query.order.push_key(&mut sql);
    push_more(&mut sql);
    sql.push(r#" FROM "Finances".vendor WHERE TRUE"#);
    push_filters(&mut sql, query);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql
}

fn push_filters(sql: &mut QueryBuilder<Postgres>, query: &VendorQuery) {
    if let Some(status) = query.status {
        sql.push(" AND vendor.status = ").push_bind(status.as_str());
    }
    for text in [&query.name, &query.search].into_iter().flatten() {
        sql.push(" AND vendor.name ILIKE ").push_bind(contains(text));
    }
    if let Some(gstin) = &query.gstin {
        sql.push(" AND lower(vendor.gstin) = lower(")
            .push_bind(gstin.to_string())
            .push(")");
    }
}

/// A vendor that must be there.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: VendorId) -> Result<Vendor> {
    const SQL: &str = concat!(vendor_columns!(), r#" FROM "Finances".vendor WHERE id = $1"#);
    // The columns are those of the lists, whose statements are put together.
    let vendor: Option<Vendor> = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    vendor.ok_or(Error::NotFound("Vendor"))
}

/// Checks that there is a vendor of this id.
///
/// # Errors
/// `NotFound` if there is none.
pub async fn ensure_exists(db: impl PgExecutor<'_>, id: VendorId) -> Result<()> {
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM "Finances".vendor WHERE id = $1) AS "is_there!""#,
        id as VendorId,
    )
    .fetch_one(db)
    .await?;
    if is_there {
        Ok(())
    } else {
        Err(Error::NotFound("Vendor"))
    }
}

/// Adds a vendor.
///
/// # Errors
/// `Conflict` if another vendor has its GSTIN.
pub async fn insert(uow: &mut UnitOfWork, new: &NewVendor) -> Result<Vendor> {
    let NewVendor {
        name,
        contact_person,
        email,
        phone,
        address,
        gstin,
        vendor_code,
        city,
        state,
        country,
        pincode,
        payment_terms,
        status,
        master_type,
        rate_configuration,
    } = new;
    if let Some(gstin) = gstin {
        lock_identity(uow.conn(), gstin).await?;
        ensure_gstin_free(uow.conn(), gstin, None).await?;
    }
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".vendor
               (name, contact_person, email, phone, address, gstin, vendor_code, city, state, country, pincode,
                payment_terms, status, master_type, rate_configuration)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        RETURNING id AS "id: VendorId"
        "#,
        &**name,
        contact_person.as_deref(),
        email.as_deref(),
        phone.as_deref(),
        address.as_deref(),
        gstin.as_deref(),
        vendor_code.as_deref(),
        city.as_deref(),
        state.as_deref(),
        country.as_deref(),
        pincode.as_deref(),
        payment_terms.as_deref(),
        status.as_str(),
        master_type.as_deref(),
        rate_configuration.as_ref().map(RateConfiguration::as_value),
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::Vendor(id));
    let vendor = get(uow.conn(), id).await?;
    uow.record(Change::created(ENTITY, id, &vendor));
    Ok(vendor)
}

/// Changes a vendor; `false` if it is as the change wants it.
///
/// # Errors
/// `NotFound` if there is none of this id, `Stale` if it has another version than `If-Match` says, `Conflict` if another
/// vendor has the GSTIN.
pub async fn update(uow: &mut UnitOfWork, id: VendorId, change: &VendorChange) -> Result<(Vendor, bool)> {
    if let Some(gstin) = change.gstin() {
        lock_identity(uow.conn(), gstin).await?;
    }
    sqlx::query!(
        r#"SELECT id FROM "Finances".vendor WHERE id = $1 FOR NO KEY UPDATE"#,
        id as VendorId,
    )
    .fetch_optional(uow.conn())
    .await?;
    let before = get(uow.conn(), id).await?;
    uow.ensure_current(before.version)?;
    let mut after = change.apply(&before);
    if after.rate_configuration != before.rate_configuration
        && let Some(rates) = &after.rate_configuration
    {
        after.rate_configuration = Some(as_kept(uow.conn(), rates).await?);
    }
    if after == before {
        return Ok((before, false));
    }
    // One that older data gave to several stays with each of them.
    if let Some(gstin) = &after.gstin
        && !before
            .gstin
            .as_ref()
            .is_some_and(|was| was.eq_ignore_ascii_case(gstin))
    {
        ensure_gstin_free(uow.conn(), gstin, Some(id)).await?;
    }
    uow.follow(&[Counted::Vendor(id)]).await?;
    store(uow.conn(), &after).await?;
    let after = get(uow.conn(), id).await?;
    uow.record(
        Change::new(Action::Updated, ENTITY, id)
            .before(&before)
            .after(&after),
    );
    Ok((after, true))
}

/// A JSON value as the database gives it back: names in another order, `1e2` written out.
async fn as_kept(db: &mut PgConnection, value: &Value) -> Result<Value> {
    let kept = sqlx::query_scalar!(r#"SELECT $1::jsonb AS "kept!""#, value)
        .fetch_one(db)
        .await?;
    Ok(kept)
}

/// Writes the fields of a vendor that can change.
async fn store(db: &mut PgConnection, vendor: &Vendor) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE "Finances".vendor
           SET name = $2,
               contact_person = $3,
               email = $4,
               phone = $5,
               address = $6,
               gstin = $7,
               vendor_code = $8,
               city = $9,
               state = $10,
               country = $11,
               pincode = $12,
               payment_terms = $13,
               status = $14,
               master_type = $15,
               rate_configuration = $16,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        vendor.id as VendorId,
        vendor.name,
        vendor.contact_person,
        vendor.email,
        vendor.phone,
        vendor.address,
        vendor.gstin,
        vendor.vendor_code,
        vendor.city,
        vendor.state,
        vendor.country,
        vendor.pincode,
        vendor.payment_terms,
        vendor.status,
        vendor.master_type,
        vendor.rate_configuration,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes a vendor that nothing refers to.
///
/// # Errors
/// `NotFound` if there is none of this id, `Stale` if it has another version than `If-Match` says, `Conflict` (fault type
/// `still_referenced`) if it is needed.
pub async fn delete(uow: &mut UnitOfWork, id: VendorId) -> Result<()> {
    // Against new rows that name it, too.
    sqlx::query!(
        r#"SELECT id FROM "Finances".vendor WHERE id = $1 FOR UPDATE"#,
        id as VendorId,
    )
    .fetch_optional(uow.conn())
    .await?;
    let vendor = get(uow.conn(), id).await?;
    uow.ensure_current(vendor.version)?;
    let reasons = reasons(uow.conn(), id).await?;
    ensure_unneeded(&format!("Vendor '{}'", vendor.name), reasons)?;
    uow.follow(&[Counted::Vendor(id)]).await?;
    sqlx::query!(r#"DELETE FROM "Finances".vendor WHERE id = $1"#, id as VendorId)
        .execute(uow.conn())
        .await?;
    uow.record(Change::new(Action::Deleted, ENTITY, id).before(&vendor));
    Ok(())
}

/// What stands in the way of a vendor's deletion.
async fn reasons(db: &mut PgConnection, id: VendorId) -> Result<Vec<Fault>> {
    let found = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM "Finances".vendor_order WHERE vendor_id = $1) AS "orders!",
               (SELECT count(*) FROM "Finances".vendor_order_line_item WHERE vendor_id = $1) AS "lines!",
               (SELECT count(*) FROM "Finances".vendor_payment WHERE vendor_id = $1) AS "payments!",
               (SELECT count(*) FROM "Finances".client_po WHERE vendor_id = $1) AS "pos!"
        "#,
        id as VendorId,
    )
    .fetch_one(db)
    .await?;
    let reasons = [
        reason("vendor_order", found.orders, "vendor order"),
        reason("vendor_order_line_item", found.lines, "vendor order line"),
        reason("vendor_payment", found.payments, "payment"),
        reason("client_po", found.pos, "PO"),
    ];
    Ok(reasons.into_iter().flatten().collect())
}

/// Waits for whoever is about to add a vendor of the same GSTIN or, without one, name. Older databases hold vendors twice,
/// so that no unique index could keep two writers from making one vendor both.
async fn lock_identity(db: &mut PgConnection, gstin_or_name: &str) -> Result<()> {
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock(hashtextextended('vendor:' || lower($1), 0))"#,
        gstin_or_name,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Checks that no vendor but `own` has the GSTIN, whose lock is held.
async fn ensure_gstin_free(db: &mut PgConnection, gstin: &str, own: Option<VendorId>) -> Result<()> {
    let other = sqlx::query!(
        r#"
        SELECT id AS "id: VendorId",
               name
          FROM "Finances".vendor
         WHERE lower(gstin) = lower($1)
           AND id IS DISTINCT FROM $2
         ORDER BY id
         LIMIT 1
        "#,
        gstin,
        own as Option<VendorId>,
    )
    .fetch_optional(db)
    .await?;
    match other {
        None => Ok(()),
        Some(other) => Err(Error::conflict_field(
            "gstin",
            "value_error",
            format!("Vendor '{}' ({}) has this GSTIN", other.name, other.id),
        )),
    }
}

/// What a document says of a vendor.
#[derive(Debug, Clone, Copy)]
pub struct VendorOnPaper<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its GSTIN as printed.
    pub gstin: Option<&'a str>,
    /// Its address.
    pub address: Option<&'a str>,
}

/// The vendor that a document names, by GSTIN, else by name without regard to case; made if there is none. The flag says
/// whether it was made.
///
/// # Errors
/// What the database refuses.
pub async fn find_or_insert(uow: &mut UnitOfWork, vendor: VendorOnPaper<'_>) -> Result<(VendorId, bool)> {
    lock_identity(uow.conn(), vendor.gstin.unwrap_or(vendor.name)).await?;
    let found = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: VendorId"
          FROM "Finances".vendor
         WHERE lower(gstin) = lower($1)
            OR lower(name) = lower($2)
         ORDER BY lower(gstin) = lower($1) DESC NULLS LAST, id
         LIMIT 1
        "#,
        vendor.gstin,
        vendor.name,
    )
    .fetch_optional(uow.conn())
    .await?;
    if let Some(id) = found {
        return Ok((id, false));
    }
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".vendor (name, gstin, address)
        VALUES ($1, $2, $3)
        RETURNING id AS "id: VendorId"
        "#,
        vendor.name,
        vendor.gstin,
        vendor.address,
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::Vendor(id));
    Ok((id, true))
}
