//! Vendors as they are sent.

use utoipa::ToSchema;

use super::{RateConfiguration, Vendor, VendorStatus};
use crate::types::{Email, Fields, FromFields, Gstin, Patch, Text};

/// The other names of fields; the first one wins.
const ALIASES: [(&str, &str); 2] = [("name", "vendor_name"), ("gstin", "gst_number")];

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
        for (name, other) in ALIASES {
            fields.alias(name, other);
        }
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
        for (name, other) in ALIASES {
            fields.alias_of_change(name, other);
        }
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
