//! Making a client PO and its lines at once.

use chrono::NaiveDate;

use super::{
    PoStatus,
    model::PoType,
    places::{self, Invoice},
    store,
};
use crate::{
    audit::Change,
    error::{Error, Result},
    finance::{
        kept_totals::Counted,
        line_items::{self, Line, NewLine},
        references::References,
        vendors::store::{self as vendors, VendorOnPaper},
    },
    types::{
        Money, Text,
        ids::{ClientId, ClientPoId, ProjectId, VendorId},
    },
    unit_of_work::UnitOfWork,
};

/// Who sells.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seller<'a> {
    /// Nobody says.
    None,
    /// A vendor, which must be there.
    Known(VendorId),
    /// The vendor of this name; made if there is none.
    Named(&'a Text<255>),
}

/// A PO to be made with its lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewPoWithLines<'a> {
    pub(super) client: ClientId,
    pub(super) project: Option<ProjectId>,
    pub(super) seller: Seller<'a>,
    pub(super) vendor_address: Option<&'a str>,
    pub(super) po_type: PoType,
    pub(super) po_number: Option<&'a str>,
    pub(super) po_date: Option<NaiveDate>,
    pub(super) pi_number: Option<&'a str>,
    pub(super) pi_date: Option<NaiveDate>,
    /// Tax included.
    pub(super) stated_value: Option<Money>,
    pub(super) notes: Option<&'a str>,
    pub(super) lines: &'a [NewLine],
}

/// A PO that was made, and its lines.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) id: ClientPoId,
    pub(super) lines: Vec<Line>,
}

/// Makes a PO with its lines, puts it into its project, and computes its value. The caller records it.
///
/// # Errors
/// `Invalid` with a fault for each row that is named and not there, and if the project is another client's; `Conflict` if one
/// of its numbers is taken.
pub(super) async fn create(uow: &mut UnitOfWork, new: &NewPoWithLines<'_>) -> Result<Made> {
    let vendor_id = match new.seller {
        Seller::Known(id) => Some(id),
        Seller::None | Seller::Named(_) => None,
    };
    let named = References {
        client_id: Some(new.client),
        project_id: new.project,
        vendor_id,
        ..References::default()
    };
    named.ensure_known(uow.conn()).await?;
    places::take_invoice(uow.conn(), Some(new.client), new.pi_number).await?;
    if let Some(project) = new.project {
        if places::lock_projects(uow.conn(), &[project]).await?.is_empty() {
            return Err(Error::unknown_reference("project_id", "project"));
        }
        let owner = places::client_of_project(uow.conn(), project).await?;
        if owner.is_some_and(|owner| owner != new.client) {
            return Err(Error::invalid_field(
                "project_id",
                "value_error",
                "The project belongs to another client",
            ));
        }
    }
    if let Some(number) = new.pi_number {
        let invoice = Invoice {
            number,
            client: Some(new.client),
            project: new.project,
        };
        places::ensure_invoice_free(uow.conn(), invoice, None).await?;
    }
    let vendor = match new.seller {
        Seller::Named(name) => Some(vendor_of(uow, name, new.vendor_address).await?),
        Seller::None | Seller::Known(_) => vendor_id,
    };
    let subtotal: Money = new.lines.iter().map(|line| line.figures.total_price).sum();
    let has_lines = !new.lines.is_empty();
    let has_tax = new.lines.iter().any(|line| line.figures.gst_amount.is_some());
    let tax: Money = new.lines.iter().filter_map(|line| line.figures.gst_amount).sum();
    if !subtotal.is_storable() || !tax.is_storable() {
        return Err(Error::invalid_field(
            "items",
            "less_than_equal",
            "The PO would be worth more than its books hold",
        ));
    }
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".client_po
               (client_id, project_id, vendor_id, vendor_address, po_type, status, po_number, po_date, pi_number, pi_date,
                stated_value, stated_tax, subtotal, notes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        RETURNING id AS "id: ClientPoId"
        "#,
        new.client as ClientId,
        new.project as Option<ProjectId>,
        vendor as Option<VendorId>,
        new.vendor_address,
        new.po_type.as_str(),
        PoStatus::Pending.as_str(),
        new.po_number,
        new.po_date,
        new.pi_number,
        new.pi_date,
        new.stated_value as Option<Money>,
        has_tax.then_some(tax) as Option<Money>,
        has_lines.then_some(subtotal) as Option<Money>,
        new.notes,
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::ClientPo(id));
    if let Some(project) = new.project {
        store::map_to_project(uow.conn(), id, project).await?;
    }
    let lines = line_items::store::insert(uow.conn(), id, new.lines).await?;
    store::revalue(uow.conn(), id, "items").await?;
    Ok(Made { id, lines })
}

async fn vendor_of(uow: &mut UnitOfWork, name: &Text<255>, address: Option<&str>) -> Result<VendorId> {
    let on_paper = VendorOnPaper {
        name,
        gstin: None,
        address,
    };
    let (id, is_new) = vendors::find_or_insert(uow, on_paper).await?;
    if is_new {
        let after = serde_json::json!({"name": &**name});
        uow.record(Change::created("vendor", id, &after));
    }
    Ok(id)
}
