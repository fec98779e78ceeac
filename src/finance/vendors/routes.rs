//! The handlers of vendors.

use axum::extract::State;
use sqlx::PgPool;

use super::{
    NewVendor, VendorChange,
    change::{NewVendorBody, VendorChangeBody},
    model::{VendorDeleted, VendorDone, VendorList, VendorListView, VendorQuery},
    store,
};
use crate::{
    auth::{Admin, Editor, Viewer},
    error::Result,
    http::{
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    types::ids::VendorId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// A vendor.
    VendorPath {
        /// Its id.
        vendor_id: VendorId,
    }
}

/// List the vendors by name.
///
/// `sort` may name `id`, `name` or `created_at`.
#[utoipa::path(get, path = "/vendors", tag = "vendors", params(VendorQuery, PageQuery),
    responses((status = 200, body = VendorListView<'static>), ReadErrors))]
pub(super) async fn list_vendors(
    _: Viewer,
    State(db): State<PgPool>,
    Query(query): Query<VendorQuery>,
) -> Result<Answer<VendorList>> {
    let (vendors, page) = store::list(&db, &query).await?;
    Ok(Answer::ok(VendorList { vendors, page }))
}

/// Add a vendor.
///
/// Names may be had by several vendors. A GSTIN that another vendor has is refused with 409.
#[utoipa::path(post, path = "/vendors", tag = "vendors", request_body = NewVendorBody,
    responses((status = 200, body = VendorDone<'static>), WriteErrors))]
pub(super) async fn create_vendor(write: Write<Editor>, Json(new): Json<NewVendor>) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let vendor = store::insert(&mut uow, &new).await?;
    uow.commit(
        Answer::ok(VendorDone::new("Vendor created", &vendor))
            .at(format!("/api/vendors/{}", vendor.id))
            .version(vendor.version),
    )
    .await
}

/// Change a vendor.
///
/// What is absent or null stays; empty text clears all but the name and the status. A GSTIN that another vendor has is
/// refused with 409.
#[utoipa::path(put, path = "/vendors/{vendor_id}", tag = "vendors", params(VendorPath),
    request_body = VendorChangeBody, responses((status = 200, body = VendorDone<'static>), WriteErrors))]
pub(super) async fn update_vendor(
    write: Write<Editor>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
    Json(change): Json<VendorChange>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (vendor, is_changed) = store::update(&mut uow, vendor_id, &change).await?;
    let answer = Answer::ok(VendorDone::new("Vendor updated", &vendor)).version(vendor.version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// Delete a vendor that nothing refers to.
///
/// 409 names what does, each with its number: vendor orders, their lines, payments, POs.
#[utoipa::path(delete, path = "/vendors/{vendor_id}", tag = "vendors", params(VendorPath),
    responses((status = 200, body = VendorDeleted), WriteErrors))]
pub(super) async fn delete_vendor(
    write: Write<Admin>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    store::delete(&mut uow, vendor_id).await?;
    uow.commit(Answer::ok(VendorDeleted::from(vendor_id))).await
}
