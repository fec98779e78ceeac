//! Vendors as they are sent, stored and shown.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use super::RateConfiguration;
use crate::{
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    types::{Email, Fields, FromFields, Gstin, Patch, Text, ids::VendorId, words::words},
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

/// A vendor's row; it is written as [`VendorView`].
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
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
    created_at: DateTime<Utc>,
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
    vendors: &'a [Vendor],
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
    vendors: &'a [Vendor],
    #[schema(value_type = Vec<VendorView<'static>>)]
    data: &'a [Vendor],
    #[serde(flatten)]
    #[schema(value_type = PageInfo)]
    page: &'a PageInfo,
}

impl Serialize for VendorList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { vendors, page } = self;
        VendorListView {
            status: SUCCESS,
            vendor_count: vendors.len(),
            vendors,
            page,
            data: VendorListData {
                status: SUCCESS,
                vendor_count: vendors.len(),
                vendors,
                data: vendors,
                page,
            },
        }
        .serialize(serializer)
    }
}

fn read_aliases(fields: &mut Fields<'_>) {
    fields.alias("name", "vendor_name");
    fields.alias("gstin", "gst_number");
}

/// A vendor to be added.
#[derive(Debug, Clone)]
pub struct NewVendor {
    /// Its name.
    pub name: Text<255>,
    /// Whom to ask for.
    pub contact_person: Option<Text<255>>,
    /// Address for mail.
    pub email: Option<Email>,
    /// Telephone number.
    pub phone: Option<Text<50>>,
    /// Postal address.
    pub address: Option<Text<5000>>,
    /// Not another vendor's.
    pub gstin: Option<Gstin>,
    /// The users' own code.
    pub vendor_code: Option<Text<100>>,
    /// Its city.
    pub city: Option<Text<100>>,
    /// Its state.
    pub state: Option<Text<100>>,
    /// Its country.
    pub country: Option<Text<100>>,
    /// Its postal code.
    pub pincode: Option<Text<100>>,
    /// When it wants to be paid, in words.
    pub payment_terms: Option<Text<255>>,
    /// Whether work may be passed on to it.
    pub status: VendorStatus,
    /// The users' own kind of vendor.
    pub master_type: Option<Text<50>>,
    /// The users' own list of rates.
    pub rate_configuration: Option<RateConfiguration>,
}

impl FromFields for NewVendor {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        read_aliases(fields);
        let name = fields.required("name");
        let (contact_person, email) = (fields.optional("contact_person"), fields.optional("email"));
        let (phone, address) = (fields.optional("phone"), fields.optional("address"));
        let (gstin, vendor_code) = (fields.optional("gstin"), fields.optional("vendor_code"));
        let (city, state) = (fields.optional("city"), fields.optional("state"));
        let (country, pincode) = (fields.optional("country"), fields.optional("pincode"));
        let payment_terms = fields.optional("payment_terms");
        let status = fields.optional("status").unwrap_or(VendorStatus::Active);
        let master_type = fields.optional("master_type");
        let rate_configuration = fields.optional("rate_configuration");
        Some(Self {
            name: name?,
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
        })
    }
}

/// The body of a vendor to be added.
#[derive(Debug, ToSchema)]
#[schema(as = NewVendor)]
#[expect(
    dead_code,
    reason = "read through `NewVendor`; this only documents the fields"
)]
pub(super) struct NewVendorBody {
    /// 1 to 255 characters, which another vendor may have too; `vendor_name` is another name of the field.
    #[schema(value_type = String, example = "Example Works Pvt Ltd", min_length = 1, max_length = 255)]
    name: Text<255>,
    contact_person: Option<Text<255>>,
    email: Option<Email>,
    phone: Option<Text<50>>,
    address: Option<Text<5000>>,
    /// 15 letters and digits, not those of another vendor; `gst_number` is another name of the field.
    #[schema(example = "27AAAAA0000A1Z5")]
    gstin: Option<Gstin>,
    vendor_code: Option<Text<100>>,
    city: Option<Text<100>>,
    state: Option<Text<100>>,
    country: Option<Text<100>>,
    pincode: Option<Text<100>>,
    /// In words.
    payment_terms: Option<Text<255>>,
    /// `active` unless given.
    status: Option<VendorStatus>,
    master_type: Option<Text<50>>,
    /// Kept as it is given, at most 128 KiB.
    rate_configuration: Option<RateConfiguration>,
}

/// What becomes of a vendor.
#[derive(Debug, Clone)]
pub struct VendorChange {
    name: Option<Text<255>>,
    contact_person: Patch<Text<255>>,
    email: Patch<Email>,
    phone: Patch<Text<50>>,
    address: Patch<Text<5000>>,
    gstin: Patch<Gstin>,
    vendor_code: Patch<Text<100>>,
    city: Patch<Text<100>>,
    state: Patch<Text<100>>,
    country: Patch<Text<100>>,
    pincode: Patch<Text<100>>,
    payment_terms: Patch<Text<255>>,
    status: Option<VendorStatus>,
    master_type: Patch<Text<50>>,
    rate_configuration: Patch<RateConfiguration>,
}

impl FromFields for VendorChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        read_aliases(fields);
        Some(Self {
            name: fields.present("name"),
            contact_person: fields.patch_text("contact_person"),
            email: fields.patch_text("email"),
            phone: fields.patch_text("phone"),
            address: fields.patch_text("address"),
            gstin: fields.patch_text("gstin"),
            vendor_code: fields.patch_text("vendor_code"),
            city: fields.patch_text("city"),
            state: fields.patch_text("state"),
            country: fields.patch_text("country"),
            pincode: fields.patch_text("pincode"),
            payment_terms: fields.patch_text("payment_terms"),
            status: fields.optional("status"),
            master_type: fields.patch_text("master_type"),
            rate_configuration: fields.patch_text("rate_configuration"),
        })
    }
}

/// The body of a change.
#[derive(Debug, ToSchema)]
#[schema(as = VendorChange)]
#[expect(
    dead_code,
    reason = "read through `VendorChange`; this only documents the fields"
)]
pub(super) struct VendorChangeBody {
    /// 1 to 255 characters; `vendor_name` is another name of the field.
    #[schema(example = "Example Works Pvt Ltd")]
    name: Option<Text<255>>,
    /// Empty text clears.
    contact_person: Option<String>,
    /// Empty text clears.
    email: Option<String>,
    /// Empty text clears.
    phone: Option<String>,
    /// Empty text clears.
    address: Option<String>,
    /// Empty text clears; `gst_number` is another name of the field.
    gstin: Option<String>,
    /// Empty text clears.
    vendor_code: Option<String>,
    /// Empty text clears.
    city: Option<String>,
    /// Empty text clears.
    state: Option<String>,
    /// Empty text clears.
    country: Option<String>,
    /// Empty text clears.
    pincode: Option<String>,
    /// Empty text clears.
    payment_terms: Option<String>,
    status: Option<VendorStatus>,
    /// Empty text clears.
    master_type: Option<String>,
    /// Takes the place of the whole list; empty text clears.
    rate_configuration: Option<RateConfiguration>,
}

impl VendorChange {
    /// The GSTIN that it is to have from now on.
    pub(super) fn gstin(&self) -> Option<&str> {
        match &self.gstin {
            Patch::Set(gstin) => Some(gstin),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// What the change makes of a vendor.
    pub(super) fn apply(&self, vendor: &Vendor) -> Vendor {
        let Self {
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
        } = self.clone();
        let was = vendor.clone();
        Vendor {
            id: was.id,
            name: name.map_or(was.name, Text::into_string),
            contact_person: contact_person.map(Text::into_string).over(was.contact_person),
            email: email.map(Email::into_string).over(was.email),
            phone: phone.map(Text::into_string).over(was.phone),
            address: address.map(Text::into_string).over(was.address),
            gstin: gstin.map(Gstin::into_string).over(was.gstin),
            vendor_code: vendor_code.map(Text::into_string).over(was.vendor_code),
            city: city.map(Text::into_string).over(was.city),
            state: state.map(Text::into_string).over(was.state),
            country: country.map(Text::into_string).over(was.country),
            pincode: pincode.map(Text::into_string).over(was.pincode),
            payment_terms: payment_terms.map(Text::into_string).over(was.payment_terms),
            status: status.map_or(was.status, |status| status.as_str().to_owned()),
            master_type: master_type.map(Text::into_string).over(was.master_type),
            rate_configuration: rate_configuration
                .map(RateConfiguration::into_value)
                .over(was.rate_configuration),
            version: was.version,
            created_at: was.created_at,
            updated_at: was.updated_at,
        }
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
