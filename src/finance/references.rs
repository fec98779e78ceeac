//! Whether the rows that a query or a body names exist, asked for all of them at once.

use sqlx::PgExecutor;

use crate::{
    error::{Error, Fault, Result},
    types::ids::{
        ClientId, ClientPaymentId, ClientPoId, ProjectId, VendorId, VendorOrderId, VendorPaymentId,
    },
};

/// What is named, by the field that names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct References {
    /// A client.
    pub client_id: Option<ClientId>,
    /// A project.
    pub project_id: Option<ProjectId>,
    /// A client PO.
    pub po_id: Option<ClientPoId>,
    /// A client PO, where the field has this name.
    pub client_po_id: Option<ClientPoId>,
    /// A vendor.
    pub vendor_id: Option<VendorId>,
    /// A vendor order.
    pub vendor_order_id: Option<VendorOrderId>,
    /// A client payment.
    pub payment_id: Option<ClientPaymentId>,
    /// A vendor payment.
    pub vendor_payment_id: Option<VendorPaymentId>,
}

impl References {
    /// Checks that all of it exists.
    ///
    /// # Errors
    /// `Invalid` with one fault for each that does not.
    pub async fn ensure_known(self, db: impl PgExecutor<'_>) -> Result<()> {
        if self == Self::default() {
            return Ok(());
        }
        let known = sqlx::query!(
            r#"
            SELECT $1::bigint IS NULL OR EXISTS (SELECT FROM "Finances".client WHERE id = $1) AS "client!",
                   $2::bigint IS NULL OR EXISTS (SELECT FROM "Finances".project WHERE id = $2) AS "project!",
                   $3::bigint IS NULL OR EXISTS (SELECT FROM "Finances".client_po WHERE id = $3) AS "po!",
                   $4::bigint IS NULL OR EXISTS (SELECT FROM "Finances".client_po WHERE id = $4) AS "client_po!",
                   $5::bigint IS NULL OR EXISTS (SELECT FROM "Finances".vendor WHERE id = $5) AS "vendor!",
                   $6::bigint IS NULL OR EXISTS (SELECT FROM "Finances".vendor_order WHERE id = $6) AS "order!",
                   $7::bigint IS NULL OR EXISTS (SELECT FROM "Finances".client_payment WHERE id = $7) AS "payment!",
                   $8::bigint IS NULL OR EXISTS (SELECT FROM "Finances".vendor_payment WHERE id = $8)
                       AS "vendor_payment!"
            "#,
            self.client_id as Option<ClientId>,
            self.project_id as Option<ProjectId>,
            self.po_id as Option<ClientPoId>,
            self.client_po_id as Option<ClientPoId>,
            self.vendor_id as Option<VendorId>,
            self.vendor_order_id as Option<VendorOrderId>,
            self.payment_id as Option<ClientPaymentId>,
            self.vendor_payment_id as Option<VendorPaymentId>,
        )
        .fetch_one(db)
        .await?;
        let faults: Vec<Fault> = [
            (known.client, "client_id", "Unknown client"),
            (known.project, "project_id", "Unknown project"),
            (known.po, "po_id", "Unknown PO"),
            (known.client_po, "client_po_id", "Unknown PO"),
            (known.vendor, "vendor_id", "Unknown vendor"),
            (known.order, "vendor_order_id", "Unknown vendor order"),
            (known.payment, "payment_id", "Unknown payment"),
            (
                known.vendor_payment,
                "vendor_payment_id",
                "Unknown vendor payment",
            ),
        ]
        .into_iter()
        .filter(|(is_known, ..)| !is_known)
        .map(|(_, field, text)| Fault::new(field, "foreign_key", text))
        .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(faults))
        }
    }
}
