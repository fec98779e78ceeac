//! Placing vendor orders, one or several at once.

use chrono::NaiveDate;

use super::{
    VendorOrder,
    body::{NewProjectOrders, NewVendorOrder},
    numbers::{self, Number},
    rules::{self, Standing},
    store::{ENTITY, get_all},
    words::{OrderPaymentStatus, ValueBasis},
};
use crate::{
    audit::Change,
    error::{Error, Fault, Refusal, Result},
    finance::{
        kept_totals::Counted,
        projects,
        purchase_orders::{self, store::HeldPo},
        vendors::hold::{self, HeldVendor},
    },
    types::ids::{ClientPoId, ProjectId, VendorId, VendorOrderId},
    unit_of_work::UnitOfWork,
};

/// Who places orders, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placing {
    /// Whether an admin does.
    pub(super) is_admin: bool,
    /// The day of today.
    pub(super) today: NaiveDate,
}

/// Places an order in a project.
///
/// # Errors
/// `NotFound` without the project; else as [`place_all`].
pub(super) async fn place_in_project(
    uow: &mut UnitOfWork,
    project: ProjectId,
    new: &NewVendorOrder,
    placing: Placing,
) -> Result<VendorOrder> {
    projects::store::hold(uow.conn(), project)
        .await?
        .ok_or(Error::NotFound("Project"))?;
    let new = std::slice::from_ref(new);
    one(place_all(uow, Some(project), new, placing, &single, Vec::new()).await?)
}

/// Places an order in the project that it names, else in that of its client PO, else in none.
///
/// # Errors
/// `Invalid` for an unknown project too; else as [`place_all`].
pub(super) async fn place(
    uow: &mut UnitOfWork,
    new: &NewVendorOrder,
    placing: Placing,
) -> Result<VendorOrder> {
    let mut faults = Vec::new();
    let mut project = new.project_id;
    if let Some(named) = new.project_id
        && projects::store::hold(uow.conn(), named).await?.is_none()
    {
        faults.push(Fault::new("project_id", "foreign_key", "Unknown project"));
    }
    if let (Some(po), None) = (new.client_po_id, project) {
        let held = purchase_orders::store::hold_all(uow.conn(), &[po]).await?;
        project = held.first().and_then(|po| po.project_id);
    }
    one(place_all(uow, project, std::slice::from_ref(new), placing, &single, faults).await?)
}

/// The name of a field of the only order of a request.
fn single(field: &str, _: usize) -> String {
    field.to_owned()
}

/// Places several orders in a project, all of them or none.
///
/// # Errors
/// `NotFound` without the project; else as [`place_all`], each fault with the place of its order.
pub(super) async fn place_several(
    uow: &mut UnitOfWork,
    project: ProjectId,
    new: NewProjectOrders,
    placing: Placing,
) -> Result<Vec<VendorOrder>> {
    projects::store::hold(uow.conn(), project)
        .await?
        .ok_or(Error::NotFound("Project"))?;
    let NewProjectOrders {
        orders,
        places,
        faults,
    } = new;
    let names = |field: &str, index: usize| match places.get(index) {
        Some(place) => format!("orders[{place}].{field}"),
        None => field.to_owned(),
    };
    place_all(uow, Some(project), &orders, placing, &names, faults).await
}

fn one(orders: Vec<VendorOrder>) -> Result<VendorOrder> {
    orders
        .into_iter()
        .next()
        .ok_or_else(|| Error::internal(anyhow::anyhow!("an order that was placed is not there")))
}

/// Places orders; the project is held by the caller, who may have found faults already.
///
/// # Errors
/// `Invalid` for an unknown vendor or PO, or a PO of another project; `Conflict` for a blacklisted vendor or a number that a
/// live order of the project to the vendor has; `Forbidden` for a state that is an admin's. Each fault of each order is told.
async fn place_all(
    uow: &mut UnitOfWork,
    project: Option<ProjectId>,
    new: &[NewVendorOrder],
    placing: Placing,
    names: &impl Fn(&str, usize) -> String,
    mut faults: Vec<Fault>,
) -> Result<Vec<VendorOrder>> {
    let standings = standings(new, placing.is_admin, names, &mut faults)?;
    let pos: Vec<ClientPoId> = new.iter().filter_map(|order| order.client_po_id).collect();
    let pos = purchase_orders::store::hold_all(uow.conn(), &pos).await?;
    let vendors: Vec<VendorId> = new.iter().filter_map(|order| order.vendor_id).collect();
    let vendors = hold::hold_all(uow.conn(), &vendors).await?;
    ensure_known(new, project, &pos, &vendors, names, faults)?;
    ensure_may_get_orders(new, &vendors, names)?;

    let ids = insert(uow, project, new, &standings, placing.today).await?;
    let orders = get_all(uow.conn(), &ids, placing.today).await?;
    ensure_numbers_free(uow, &orders, names).await?;
    for order in &orders {
        uow.follow_new(Counted::VendorOrder(order.id));
        uow.record(Change::created(ENTITY, order.id, order));
    }
    Ok(orders)
}

/// How each order stands from the start; one with a fault stands like one of which nothing is said.
fn standings(
    new: &[NewVendorOrder],
    is_admin: bool,
    names: &impl Fn(&str, usize) -> String,
    faults: &mut Vec<Fault>,
) -> Result<Vec<Standing>> {
    let mut standings = Vec::with_capacity(new.len());
    for (index, order) in new.iter().enumerate() {
        match rules::stand(&Standing::new(), order.wanted, is_admin) {
            Ok(standing) => standings.push(standing),
            Err(Error::Invalid(refusal)) => {
                standings.push(Standing::new());
                faults.extend(
                    refusal
                        .faults
                        .into_iter()
                        .map(|fault| Fault::new(names(&fault.field, index), fault.kind, fault.message)),
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(standings)
}

fn ensure_known(
    new: &[NewVendorOrder],
    project: Option<ProjectId>,
    pos: &[HeldPo],
    vendors: &[HeldVendor],
    names: &impl Fn(&str, usize) -> String,
    mut faults: Vec<Fault>,
) -> Result<()> {
    for (index, order) in new.iter().enumerate() {
        if let Some(id) = order.vendor_id
            && vendors.iter().all(|vendor| vendor.id != id)
        {
            faults.push(Fault::new(
                names("vendor_id", index),
                "foreign_key",
                "Unknown vendor",
            ));
        }
        if let Some(id) = order.client_po_id {
            match pos.iter().find(|po| po.id == id) {
                None => faults.push(Fault::new(
                    names("client_po_id", index),
                    "foreign_key",
                    "Unknown PO",
                )),
                Some(po) if po.project_id.is_some() && po.project_id != project => {
                    faults.push(other_project(names("client_po_id", index)));
                }
                Some(_) => {}
            }
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(faults))
    }
}

/// The fault of a PO that an order of another project names.
pub(super) fn other_project(field: String) -> Fault {
    Fault::new(field, "value_error", "The PO is of another project")
}

fn ensure_may_get_orders(
    new: &[NewVendorOrder],
    vendors: &[HeldVendor],
    names: &impl Fn(&str, usize) -> String,
) -> Result<()> {
    let faults = new
        .iter()
        .enumerate()
        .filter(|(_, order)| {
            vendors
                .iter()
                .any(|vendor| Some(vendor.id) == order.vendor_id && vendor.is_blacklisted)
        })
        .map(|(index, _)| Fault::new(names("vendor_id", index), "value_error", hold::BLACKLISTED))
        .collect();
    refuse(hold::BLACKLISTED, faults)
}

/// A conflict with these faults, if there are any.
fn refuse(message: &'static str, faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict(Box::new(Refusal {
        message: message.into(),
        faults,
        ..Refusal::default()
    })))
}

/// Inserts the orders in one statement; their ids in their order.
async fn insert(
    uow: &mut UnitOfWork,
    project: Option<ProjectId>,
    new: &[NewVendorOrder],
    standings: &[Standing],
    today: NaiveDate,
) -> Result<Vec<VendorOrderId>> {
    let text = |read: fn(&NewVendorOrder) -> Option<&str>| new.iter().map(read).collect::<Vec<_>>();
    let numbers = text(|order| order.po_number.as_deref());
    let descriptions = text(|order| order.description.as_deref());
    let categories = text(|order| order.category.as_deref());
    let notes = text(|order| order.billing_notes.as_deref());
    let vendors: Vec<Option<VendorId>> = new.iter().map(|order| order.vendor_id).collect();
    let pos: Vec<Option<ClientPoId>> = new.iter().map(|order| order.client_po_id).collect();
    let dates: Vec<NaiveDate> = new.iter().map(|order| order.po_date.unwrap_or(today)).collect();
    let due: Vec<Option<NaiveDate>> = new.iter().map(|order| order.due_date).collect();
    let values: Vec<_> = new
        .iter()
        .map(|order| order.stated_value.map(|value| value.0))
        .collect();
    let statuses: Vec<&str> = standings.iter().map(|standing| &*standing.status).collect();
    let works: Vec<&str> = standings.iter().map(|standing| &*standing.work_status).collect();
    let payments: Vec<&str> = new
        .iter()
        .map(|order| {
            order
                .payment_status
                .unwrap_or(OrderPaymentStatus::Pending)
                .as_str()
        })
        .collect();
    let mut ids = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".vendor_order
               (vendor_id, project_id, client_po_id, po_number, po_date, due_date, po_value, stated_value, value_basis,
                description, category, billing_notes, status, work_status, payment_status)
        SELECT new.vendor_id, $1, new.client_po_id, COALESCE(new.po_number, ''), new.po_date, new.due_date,
               COALESCE(new.value, 0), new.value, $2, new.description, new.category, new.billing_notes, new.status,
               new.work_status, new.payment_status
          FROM UNNEST($3::bigint[], $4::bigint[], $5::text[], $6::date[], $7::date[], $8::numeric[], $9::text[],
                      $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
               WITH ORDINALITY
            AS new (vendor_id, client_po_id, po_number, po_date, due_date, value, description, category, billing_notes,
                    status, work_status, payment_status, position)
         ORDER BY new.position
        RETURNING id AS "id: VendorOrderId"
        "#,
        project as Option<ProjectId>,
        ValueBasis::Stated.as_str(),
        &vendors as &[Option<VendorId>],
        &pos as &[Option<ClientPoId>],
        &numbers as &[Option<&str>],
        &dates,
        &due as &[Option<NaiveDate>],
        &values as &[Option<rust_decimal::Decimal>],
        &descriptions as &[Option<&str>],
        &categories as &[Option<&str>],
        &notes as &[Option<&str>],
        &statuses as &[&str],
        &works as &[&str],
        &payments as &[&str],
    )
    .fetch_all(uow.conn())
    .await?;
    ids.sort_unstable();
    let unnumbered: Vec<VendorOrderId> = ids
        .iter()
        .zip(new)
        .filter(|(_, order)| order.po_number.is_none())
        .map(|(id, _)| *id)
        .collect();
    if !unnumbered.is_empty() {
        numbers::number_by_id(uow.conn(), &unnumbered).await?;
    }
    Ok(ids)
}

/// Makes sure that no live order has the number of one of these, which are made but not committed.
async fn ensure_numbers_free(
    uow: &mut UnitOfWork,
    orders: &[VendorOrder],
    names: &impl Fn(&str, usize) -> String,
) -> Result<()> {
    const TAKEN: &str = "A live order of the project to this vendor has this number";
    let live: Vec<(usize, Number)> = orders
        .iter()
        .enumerate()
        .filter(|(_, order)| order.is_live())
        .map(|(index, order)| (index, order.number()))
        .collect();
    let wanted: Vec<Number> = live.iter().map(|(_, number)| number.clone()).collect();
    let own: Vec<VendorOrderId> = orders.iter().map(|order| order.id).collect();
    let faults = numbers::take(uow.conn(), &wanted, &own)
        .await?
        .into_iter()
        .filter_map(|place| live.get(place))
        .map(|(index, _)| Fault::new(names("po_number", *index), "value_error", TAKEN))
        .collect();
    refuse(TAKEN, faults)
}
