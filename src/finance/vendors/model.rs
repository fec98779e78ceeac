//! Vendors as they are stored and shown.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
        written::Written,
    },
    postgres::in_order::in_order,
    types::{Fields, FromFields, Text, ids::VendorId, moment, words::words},
};

words! {
    /// Whether work may be passed on to a vendor.
    VendorStatus {
        /// It may.
        Active = "active",
        /// Nobody does.
        Inactive = "inactive",
        /// For now nobody should.
        Suspended = "suspended",
        /// It may not: new orders and payments are refused.
        Blacklisted = "blacklisted",
    }
}

/// A vendor's row; it is written under every name that clients read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendor {
    /// Its id.
    pub id: VendorId,
    /// Its name, which others may have too.
    pub name: String,
    /// Whom to ask for.
    pub contact_person: Option<String>,
    /// Address for mail.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// Its number in the goods and services tax; adopted rows may hold any text.
    pub gstin: Option<String>,
    /// The users' own code.
    pub vendor_code: Option<String>,
    /// Its city.
    pub city: Option<String>,
    /// Its state.
    pub state: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// Its postal code.
    pub pincode: Option<String>,
    /// When it wants to be paid, in words.
    pub payment_terms: Option<String>,
    /// One of [`VendorStatus`].
    pub status: String,
    /// The users' own kind of vendor.
    pub master_type: Option<String>,
    /// The users' own list of rates.
    pub rate_configuration: Option<Value>,
    /// Raised with every change.
    pub version: i32,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

in_order!(Vendor {
    id,
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
    version,
    created_at,
    updated_at,
});

/// A vendor on the wire, under every name that clients read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Vendor)]
pub(super) struct VendorView<'a> {
    id: VendorId,
    vendor_id: VendorId,
    #[schema(example = "Example Works Pvt Ltd")]
    name: &'a str,
    vendor_name: &'a str,
    contact_person: Option<&'a str>,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    address: Option<&'a str>,
    #[schema(example = "27AAAAA0000A1Z5")]
    gstin: Option<&'a str>,
    gst_number: Option<&'a str>,
    vendor_code: Option<&'a str>,
    city: Option<&'a str>,
    state: Option<&'a str>,
    country: Option<&'a str>,
    pincode: Option<&'a str>,
    payment_terms: Option<&'a str>,
    #[schema(example = "active")]
    status: &'a str,
    master_type: Option<&'a str>,
    #[schema(value_type = Option<Vec<Object>>)]
    rate_configuration: Option<&'a Value>,
    #[schema(example = 1)]
    version: i32,
    #[serde(serialize_with = "moment::write")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "moment::write")]
    updated_at: DateTime<Utc>,
}

impl Serialize for Vendor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VendorView {
            id: self.id,
            vendor_id: self.id,
            name: &self.name,
            vendor_name: &self.name,
            contact_person: self.contact_person.as_deref(),
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            address: self.address.as_deref(),
            gstin: self.gstin.as_deref(),
            gst_number: self.gstin.as_deref(),
            vendor_code: self.vendor_code.as_deref(),
            city: self.city.as_deref(),
            state: self.state.as_deref(),
            country: self.country.as_deref(),
            pincode: self.pincode.as_deref(),
            payment_terms: self.payment_terms.as_deref(),
            status: &self.status,
            master_type: self.master_type.as_deref(),
            rate_configuration: self.rate_configuration.as_ref(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .serialize(serializer)
    }
}

/// A vendor and what was done with it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorDone<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Vendor created")]
    message: &'static str,
    id: VendorId,
    vendor_id: VendorId,
    #[schema(value_type = VendorView<'static>)]
    vendor: &'a Vendor,
    #[schema(value_type = VendorView<'static>)]
    data: &'a Vendor,
}

impl<'a> VendorDone<'a> {
    pub(super) fn new(message: &'static str, vendor: &'a Vendor) -> Self {
        Self {
            status: SUCCESS,
            message,
            id: vendor.id,
            vendor_id: vendor.id,
            vendor,
            data: vendor,
        }
    }
}

/// A vendor that was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Vendor deleted")]
    message: &'static str,
    data: VendorDeletedData,
}

/// What went.
#[derive(Debug, Serialize, ToSchema)]
struct VendorDeletedData {
    vendor_id: VendorId,
}

impl From<VendorId> for VendorDeleted {
    fn from(vendor_id: VendorId) -> Self {
        Self {
            status: SUCCESS,
            message: "Vendor deleted",
            data: VendorDeletedData { vendor_id },
        }
    }
}

/// A page of vendors.
#[derive(Debug, Clone)]
pub(super) struct VendorList {
    pub(super) vendors: Vec<Vendor>,
    pub(super) page: PageInfo,
}

/// The same on the wire: older clients read the top level, others what is below `data`, where the vendors stand twice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorList)]
pub(super) struct VendorListView<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    /// Vendors on this page.
    vendor_count: usize,
    #[schema(value_type = Vec<VendorView<'static>>)]
    vendors: &'a Written,
    #[serde(flatten)]
    #[schema(value_type = PageInfo)]
    page: &'a PageInfo,
    data: VendorListData<'a>,
}

/// The page once more.
#[derive(Debug, Serialize, ToSchema)]
struct VendorListData<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_count: usize,
    #[schema(value_type = Vec<VendorView<'static>>)]
    vendors: &'a Written,
    #[schema(value_type = Vec<VendorView<'static>>)]
    data: &'a Written,
    #[serde(flatten)]
    #[schema(value_type = PageInfo)]
    page: &'a PageInfo,
}

impl Serialize for VendorList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { vendors, page } = self;
        let written = Written::of(vendors).map_err(S::Error::custom)?;
        VendorListView {
            status: SUCCESS,
            vendor_count: vendors.len(),
            vendors: &written,
            page,
            data: VendorListData {
                status: SUCCESS,
                vendor_count: vendors.len(),
                vendors: &written,
                data: &written,
                page,
            },
        }
        .serialize(serializer)
    }
}

const ID: Column = Column {
    name: "id",
    sql: "vendor.id",
    kind: "bigint",
};
const NAME: Column = Column {
    name: "name",
    sql: "vendor.name",
    kind: "text",
};
const COLUMNS: [Column; 3] = [
    ID,
    NAME,
    Column {
        name: "created_at",
        sql: "vendor.created_at",
        kind: "timestamptz",
    },
];

/// Which vendors are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VendorQuery {
    /// Only those of this status.
    #[param(inline)]
    pub(super) status: Option<VendorStatus>,
    /// Only those with this in their name, without regard to case.
    #[param(value_type = Option<String>, max_length = 255)]
    pub(super) name: Option<Text<255>>,
    /// The same; with both, both have to be there.
    #[param(value_type = Option<String>, max_length = 255)]
    pub(super) search: Option<Text<255>>,
    /// Only the one of this GSTIN, without regard to case.
    #[param(value_type = Option<String>, max_length = 20)]
    pub(super) gstin: Option<Text<20>>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for VendorQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let by_name = Order::of(&[(NAME, Direction::Up), (ID, Direction::Up)]);
        Some(Self {
            status: fields.optional("status"),
            name: fields.optional("name"),
            search: fields.optional("search"),
            gstin: fields.optional("gstin"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &COLUMNS, by_name),
        })
    }
}
