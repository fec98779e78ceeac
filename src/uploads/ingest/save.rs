//! Makes a client PO of a parsed order, or gives one that exists the order's figures. All in the caller's unit of work.

use rust_decimal::Decimal;
use serde_json::json;

use super::Target;
use crate::{
    audit::{Action, Change},
    documents::{ParsedLine, ParsedOrder},
    error::{Error, Fault, Result},
    finance::{
        line_items::{self, NewLine, rules},
        projects::{self, NewProject, store::NamedProject},
        purchase_orders::store::{self as purchase_orders, DocumentFigures},
        sites::store::{self as sites, SiteOnPaper},
        vendors::store::{self as vendors, VendorOnPaper},
    },
    types::{
        Money, Percent, Problem, Quantity, Rate, Text,
        ids::{ClientId, ClientPoId, ProjectId},
    },
    unit_of_work::UnitOfWork,
    uploads::store,
};

/// The longest number of an order or invoice.
const NUMBER_LENGTH: usize = 100;
const NAME_LENGTH: usize = 255;
/// GSTINs have 15 characters; what is longer than the column is no GSTIN.
const GSTIN_LENGTH: usize = 20;

/// The PO that came of it.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) po: ClientPoId,
    pub(super) value: Money,
    pub(super) project: Option<ProjectId>,
    pub(super) project_name: Option<String>,
}

/// Why an order could not be saved.
#[derive(Debug)]
pub(super) enum NotSaved {
    /// The order exists already.
    Duplicate { message: String, existing: ClientPoId },
    /// A figure does not fit into the books.
    Unfit(Vec<Fault>),
    /// Anything else.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for NotSaved {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The order's lines as they will be stored.
///
/// # Errors
/// One fault for each figure that does not fit.
pub(super) fn lines(order: &ParsedOrder) -> Result<Vec<NewLine>, Vec<Fault>> {
    let mut lines = Vec::with_capacity(order.lines.len());
    let mut faults = Vec::new();
    for (index, line) in order.lines.iter().enumerate() {
        match new_line(line) {
            Ok(line) => lines.push(line),
            Err((field, problem)) => faults.push(Fault::new(
                format!("line_items[{index}].{field}"),
                "invalid",
                format!("Line {}: {field} {}", index + 1, problem.message),
            )),
        }
    }
    for (field, number) in [
        ("po_details.po_number", &order.header.po_number),
        ("po_details.pi_number", &order.header.pi_number),
    ] {
        if number
            .as_ref()
            .is_some_and(|number| number.chars().count() > NUMBER_LENGTH)
        {
            faults.push(Fault::new(
                field,
                "invalid",
                format!("has more than {NUMBER_LENGTH} characters"),
            ));
        }
    }
    let totals = &order.printed;
    for (field, amount) in [
        ("po_details.total_amount", totals.total_amount),
        ("po_details.subtotal", totals.subtotal),
        ("po_details.total_tax", totals.total_tax),
    ] {
        if amount.is_some_and(|amount| amount < Decimal::ZERO || !Money(amount).is_storable()) {
            faults.push(Fault::new(field, "invalid", "is negative or too large"));
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

/// A line with the printed amounts; only what the paper leaves out is derived.
fn new_line(line: &ParsedLine) -> Result<NewLine, (&'static str, Problem)> {
    let missing = |field| (field, Problem::new("missing", "is missing"));
    let quantity = line.quantity.ok_or_else(|| missing("quantity"))?;
    let total_price = Money(line.taxable_amount.ok_or_else(|| missing("amount"))?);
    let price = match line.rate {
        Some(rate) => rules::Price::Unit(Rate(rate)),
        None => rules::Price::Amount(total_price),
    };
    let derived = rules::Given {
        quantity: Quantity(quantity),
        price,
        tax_rate: line.tax_rate.map(Percent),
        gst_amount: line.gst_amount.map(Money),
    }
    .figures()?;
    let gst_amount = line.gst_amount.map(Money);
    let gross_amount = line.gross_amount.map(Money).filter(|_| gst_amount.is_some());
    let figures = rules::Figures {
        total_price,
        tax_rate: line
            .tax_rate
            .map(Percent)
            .or_else(|| gst_amount.and_then(|gst| rules::tax_rate_of(total_price, gst))),
        gst_amount,
        gross_amount: gross_amount.or_else(|| gst_amount.map(|gst| total_price + gst)),
        ..derived
    };
    let short = |text: &Option<String>| text.as_deref().and_then(|text| Text::new(&cut(text, 50)).ok());
    Ok(NewLine {
        item_name: Text::new(&cut(&line.boq_name, 2000)).map_err(|problem| ("description", problem))?,
        unit: short(&line.unit),
        hsn_code: short(&line.hsn_code),
        figures,
    })
}

/// At most so many characters of a text.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Checks a project that is named by its id, before anything is kept of the upload.
///
/// # Errors
/// `Invalid` if it does not exist or is another client's.
pub(super) async fn check_project(uow: &mut UnitOfWork, target: &Target<'_>) -> Result<()> {
    if let Some(id) = target.project_id {
        project_by_id(uow, target, id).await?;
    }
    Ok(())
}

async fn project_by_id(
    uow: &mut UnitOfWork,
    target: &Target<'_>,
    id: ProjectId,
) -> Result<(ProjectId, String)> {
    let project = projects::store::find(uow.conn(), id)
        .await?
        .ok_or_else(|| Error::unknown_reference("project_id", "project"))?;
    if is_of_another(project.client_id, target.client) {
        return Err(Error::invalid_field(
            "project_id",
            "value_error",
            "The project belongs to another client",
        ));
    }
    Ok((id, project.name))
}

fn is_of_another(owner: Option<ClientId>, client: ClientId) -> bool {
    owner.is_some_and(|owner| owner != client)
}

/// Saves the order.
///
/// # Errors
/// Why it was not saved, and whether the file stays.
pub(super) async fn save(
    uow: &mut UnitOfWork,
    target: &Target<'_>,
    hash: &str,
    order: &ParsedOrder,
) -> Result<Made, NotSaved> {
    let lines = lines(order).map_err(NotSaved::Unfit)?;
    let number = order.header.po_number.as_deref();
    let invoice = order.header.pi_number.as_deref();
    take_turns(uow, target, hash, number, invoice).await?;

    let by_number = match number {
        Some(number) => purchase_orders::lock_by_number(uow.conn(), number).await?,
        None => None,
    };
    let existing = match by_number {
        Some(po) => Some((
            po,
            format!(
                "A PO with the number {} exists already",
                number.unwrap_or_default()
            ),
        )),
        None => store::po_made_from(uow.conn(), hash)
            .await?
            .map(|po| (po, "A PO was made from this file already".to_owned())),
    };
    if let Some((existing, message)) = existing {
        if !target.is_revision {
            return Err(NotSaved::Duplicate { message, existing });
        }
        return replace(uow, target, existing, order, &lines).await;
    }

    if let Some(revised) = revised(uow, target, invoice).await? {
        return replace(uow, target, revised, order, &lines).await;
    }

    let (project, project_name) = project(uow, target, order).await?;
    if let Some(invoice) = invoice {
        let found =
            purchase_orders::lock_by_proforma(uow.conn(), invoice, target.client, Some(project)).await?;
        match found {
            Some(found) if found.is_open_agreement || target.is_revision => {
                return replace(uow, target, found.id, order, &lines).await;
            }
            Some(found) => {
                return Err(NotSaved::Duplicate {
                    message: format!(
                        "A PO with the proforma invoice {invoice} exists already in this project"
                    ),
                    existing: found.id,
                });
            }
            None => {}
        }
    }
    if target.is_revision {
        return Err(NotSaved::Failed(Error::invalid_field(
            "revision",
            "value_error",
            "There is no PO that this file could revise",
        )));
    }

    let parties = parties(uow, order).await?;
    let figures = parties.figures(order);
    let po = purchase_orders::insert_from_document(uow, target.client, project, &figures).await?;
    purchase_orders::map_to_project(uow.conn(), po, project).await?;
    line_items::store::insert(uow.conn(), po, &lines).await?;
    let value = purchase_orders::revalue(uow.conn(), po, "line_items").await?;
    let made = purchase_orders::get(uow.conn(), po).await?;
    uow.record(Change::created("client_po", po, &made));
    Ok(Made {
        po,
        value: value.po_value,
        project: Some(project),
        project_name: Some(project_name),
    })
}

/// The PO that a revision without a place is about: the only one of the client with this proforma number.
async fn revised(
    uow: &mut UnitOfWork,
    target: &Target<'_>,
    invoice: Option<&str>,
) -> Result<Option<ClientPoId>> {
    let Some(invoice) = invoice.filter(|_| target.is_revision) else {
        return Ok(None);
    };
    if target.project_id.is_some() || target.project_name.is_some() {
        return Ok(None);
    }
    let found = purchase_orders::lock_proformas(uow.conn(), invoice, target.client).await?;
    match found[..] {
        [] => Ok(None),
        [po] => Ok(Some(po)),
        _ => Err(Error::invalid_field(
            "revision",
            "value_error",
            "Several POs have this proforma invoice; name the project",
        )),
    }
}

/// Two uploads of one file, or of one number, take turns: the second finds what the first has made.
async fn take_turns(
    uow: &mut UnitOfWork,
    target: &Target<'_>,
    hash: &str,
    number: Option<&str>,
    invoice: Option<&str>,
) -> Result<()> {
    // Always in this order, so that no two wait for each other.
    let keys = [
        Some(format!("po.file:{hash}")),
        number.map(|number| format!("po.number:{number}")),
        invoice.map(|invoice| format!("po.invoice:{}:{invoice}", target.client)),
    ];
    for key in keys.into_iter().flatten() {
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"#, key)
            .execute(uow.conn())
            .await?;
    }
    Ok(())
}

/// Gives a PO that exists the figures and lines of the order; its id, project, payments and bills stay.
async fn replace(
    uow: &mut UnitOfWork,
    target: &Target<'_>,
    po: ClientPoId,
    order: &ParsedOrder,
    lines: &[NewLine],
) -> Result<Made, NotSaved> {
    let before = purchase_orders::lock(uow, po).await?;
    if before.client_id != Some(target.client) {
        return Err(NotSaved::Duplicate {
            message: "The PO belongs to another client".to_owned(),
            existing: po,
        });
    }
    if before.is_cancelled() {
        return Err(NotSaved::Duplicate {
            message: "The PO is cancelled and takes no revision".to_owned(),
            existing: po,
        });
    }
    let parties = parties(uow, order).await?;
    let former = purchase_orders::get(uow.conn(), po).await?;
    purchase_orders::replace_with_document(uow, po, &parties.figures(order)).await?;
    line_items::store::insert(uow.conn(), po, lines).await?;
    let value = purchase_orders::revalue(uow.conn(), po, "line_items").await?;
    let made = purchase_orders::get(uow.conn(), po).await?;
    uow.record(
        Change::new(Action::Updated, "client_po", po)
            .between(&former, &made)
            .note("figures and lines of an uploaded file"),
    );
    let project = purchase_orders::project_of(uow.conn(), po).await?;
    let (project, project_name) = project.unzip();
    Ok(Made {
        po,
        value: value.po_value,
        project,
        project_name,
    })
}

/// The project that was asked for, or that the paper names; made if there is none of that name.
async fn project(
    uow: &mut UnitOfWork,
    target: &Target<'_>,
    order: &ParsedOrder,
) -> Result<(ProjectId, String)> {
    if let Some(id) = target.project_id {
        return project_by_id(uow, target, id).await;
    }
    if let Some(name) = target.project_name {
        let found = find_or_insert(uow, name.clone(), target.client).await?;
        if is_of_another(found.client_id, target.client) {
            return Err(Error::invalid_field(
                "project_name",
                "value_error",
                "A project of this name belongs to another client",
            ));
        }
        return Ok((found.id, found.name));
    }
    let number = order
        .header
        .po_number
        .as_ref()
        .or(order.header.pi_number.as_ref());
    let unassigned = format!("Unassigned PO Project ({})", number.map_or("", String::as_str));
    let candidates = [
        order.store_id.as_deref(),
        order.header.site_name.as_deref(),
        Some(&unassigned),
    ];
    for name in candidates.into_iter().flatten() {
        let Ok(name) = Text::<NAME_LENGTH>::new(&cut(name, NAME_LENGTH)) else {
            continue;
        };
        let found = find_or_insert(uow, name, target.client).await?;
        // Two clients may give their stores the same code; names are unique over all of them.
        if !is_of_another(found.client_id, target.client) {
            return Ok((found.id, found.name));
        }
    }
    Err(Error::invalid_field(
        "project_name",
        "missing",
        "The project cannot be told from the file; name it",
    ))
}

async fn find_or_insert(
    uow: &mut UnitOfWork,
    name: Text<NAME_LENGTH>,
    client: ClientId,
) -> Result<NamedProject> {
    if let Some(found) = projects::store::find_by_name(uow.conn(), &name).await? {
        return Ok(found);
    }
    let made = projects::store::insert(uow, &NewProject::named(name, client)).await?;
    Ok(NamedProject {
        id: made.id,
        name: made.name,
        client_id: made.client_id,
    })
}

/// The rows of vendor and site that the paper names.
struct Parties {
    vendor: Option<crate::types::ids::VendorId>,
    site: Option<crate::types::ids::SiteId>,
}

async fn parties(uow: &mut UnitOfWork, order: &ParsedOrder) -> Result<Parties> {
    let header = &order.header;
    let mut vendor = None;
    if let Some(name) = &header.vendor_name {
        let (id, is_new) = vendors::find_or_insert(
            uow,
            VendorOnPaper {
                name: &cut(name, NAME_LENGTH),
                gstin: gstin(header.vendor_gstin.as_deref()),
                address: header.vendor_address.as_deref(),
            },
        )
        .await?;
        if is_new {
            uow.record(Change::created("vendor", id, &json!({"name": name})));
        }
        vendor = Some(id);
    }
    let mut site = None;
    if let Some(name) = header.site_name.as_deref().or(order.store_id.as_deref()) {
        let (id, is_new) = sites::find_or_insert(
            uow.conn(),
            SiteOnPaper {
                store_id: order.store_id.as_deref(),
                name: &cut(name, NAME_LENGTH),
                address: header.ship_to_address.as_deref(),
            },
        )
        .await?;
        if is_new {
            uow.record(Change::created(
                "site",
                id,
                &json!({"store_id": order.store_id, "site_name": name}),
            ));
        }
        site = Some(id);
    }
    Ok(Parties { vendor, site })
}

fn gstin(text: Option<&str>) -> Option<&str> {
    text.filter(|text| text.chars().count() <= GSTIN_LENGTH)
}

impl Parties {
    fn figures<'a>(&self, order: &'a ParsedOrder) -> DocumentFigures<'a> {
        let (header, printed) = (&order.header, &order.printed);
        DocumentFigures {
            po_number: header.po_number.as_deref(),
            po_date: header.po_date,
            pi_number: header.pi_number.as_deref(),
            pi_date: header.pi_date,
            stated_value: printed.total_amount.map(Money),
            stated_tax: printed.total_tax.map(Money),
            subtotal: printed.subtotal.map(Money),
            cgst: printed.cgst.map(Money),
            sgst: printed.sgst.map(Money),
            igst: printed.igst.map(Money),
            vendor_id: self.vendor,
            vendor_gstin: gstin(header.vendor_gstin.as_deref()),
            vendor_address: header.vendor_address.as_deref(),
            bill_to_gstin: gstin(header.bill_to_gstin.as_deref()),
            bill_to_address: header.bill_to_address.as_deref(),
            ship_to_address: header.ship_to_address.as_deref(),
            site_id: self.site,
            store_id: order.store_id.as_deref(),
        }
    }
}
