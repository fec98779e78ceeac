//! What is asked of the server, and what each request is compared with.

use std::sync::{Arc, atomic::AtomicU64};

use serde_json::{Value, json};

use crate::{drive::Make, options::Options, site::Site, support::data::path};

/// POs that writes go to in turn, twenty numbers apart: writes to one wait for each other.
const POS: u64 = 32;

/// What a request is compared with.
pub(crate) enum Floor {
    /// A route that does nothing.
    Bare,
    /// Its statements, run by pgbench.
    Statements,
    /// A password's hash.
    Hash,
    None,
}

/// One kind of request.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What it asks for, for the report.
    pub(crate) what: String,
    pub(crate) floor: Floor,
    /// Whether it is measured with every number of connections, or only with the last.
    pub(crate) is_read: bool,
    pub(crate) make: Arc<Make>,
    /// The number of the next request: none is sent twice.
    pub(crate) next: Arc<AtomicU64>,
}

impl Scenario {
    /// The numbers of connections to measure it with.
    pub(crate) fn connections(&self, options: &Options) -> Vec<usize> {
        let all = &options.connections;
        if self.is_read {
            all.clone()
        } else {
            all.last().copied().into_iter().collect()
        }
    }
}

/// Every kind that a site can be asked.
pub(crate) fn all(site: &Site) -> impl Iterator<Item = Scenario> {
    let reads = [
        ("po list", "po list shared", "/api/po?limit=50"),
        ("po details", "po details shared", "/api/po/{po}/details"),
        (
            "financial summary",
            "fin. summary shared",
            "/api/projects/{project}/financial-summary",
        ),
        (
            "by-store",
            "by-store shared",
            "/api/po/aggregated/by-store?limit=20",
        ),
        (
            "enriched",
            "enriched shared",
            "/api/projects/{project}/po/enriched?limit=50",
        ),
        (
            "pl-analysis",
            "pl-analysis shared",
            "/api/projects/{project}/pl-analysis",
        ),
        ("vendor list", "vendor list shared", "/api/vendors?limit=50"),
    ];
    let mut all = vec![health(site)];
    all.extend(
        reads
            .into_iter()
            .map(|(name, _, template)| read(site, name, template)),
    );
    all.extend(
        reads
            .into_iter()
            .map(|(_, name, template)| same(site, name, template)),
    );
    if site.may_be_changed {
        all.extend([line(site), payment(site), login(site), upload(site)]);
    }
    all.into_iter()
}

fn health(site: &Site) -> Scenario {
    let request: Arc<[u8]> = site.request("GET", "/api/health", None, None).into();
    Scenario {
        name: "health",
        what: "GET /api/health".to_owned(),
        floor: Floor::Bare,
        is_read: true,
        make: Arc::new(move |_| Arc::clone(&request)),
        next: Arc::default(),
    }
}

/// A read that each request asks for by itself: a parameter that the server passes over tells it from all others, so that none
/// takes part in another's.
fn read(site: &Site, name: &'static str, template: &str) -> Scenario {
    let (path, caller) = (site.name(template), site.caller());
    let before = if path.contains('?') { '&' } else { '?' };
    Scenario {
        name,
        what: format!("GET {template}"),
        floor: Floor::Statements,
        is_read: true,
        make: Arc::new(move |number| {
            caller
                .request("GET", &format!("{path}{before}_={number}"), None)
                .into()
        }),
        next: Arc::default(),
    }
}

/// The same read asked for over all connections, as an open page is by many at once.
fn same(site: &Site, name: &'static str, template: &str) -> Scenario {
    let request: Arc<[u8]> = site.caller().request("GET", &site.name(template), None).into();
    Scenario {
        name,
        what: format!("GET {template}"),
        floor: Floor::Statements,
        is_read: false,
        make: Arc::new(move |_| Arc::clone(&request)),
        next: Arc::default(),
    }
}

fn write(
    site: &Site,
    name: &'static str,
    floor: Floor,
    template: &'static str,
    body: impl Fn(u64) -> (String, Vec<u8>) + Send + Sync + 'static,
) -> Scenario {
    let (site, pos) = (site.caller(), site.pos);
    Scenario {
        name,
        what: format!("POST {template}"),
        floor,
        is_read: false,
        make: Arc::new(move |number| {
            let path = template.replace("{po}", &po(pos, number).to_string());
            let (kind, body) = body(number);
            site.request("POST", &path, Some((&kind, &body))).into()
        }),
        next: Arc::default(),
    }
}

/// The PO of a request. All have orders that are open: the last digit of their numbers says so in seed.sql.
pub(crate) fn po(pos: u32, number: u64) -> u64 {
    let first = u64::from(pos / 40 * 20 / 100 * 100 + 1);
    let room = (u64::from(pos).saturating_sub(first) / 20).clamp(1, POS);
    first + number % room * 20
}

fn json_body(body: &Value) -> (String, Vec<u8>) {
    ("application/json".to_owned(), body.to_string().into_bytes())
}

fn line(site: &Site) -> Scenario {
    write(
        site,
        "line create",
        Floor::Statements,
        "/api/po/{po}/line-items",
        |number| {
            json_body(
                &json!({"item_name": format!("Item {number}"), "quantity": 2, "unit_price": 100.25, "unit": "nos"}),
            )
        },
    )
}

fn payment(site: &Site) -> Scenario {
    write(
        site,
        "payment create",
        Floor::Statements,
        "/api/po/{po}/payments",
        |number| {
            json_body(
                &json!({"amount": 1.25, "payment_date": "2026-02-10", "payment_mode": "upi",
                "status": "pending", "reference_number": format!("LOAD{number}")}),
            )
        },
    )
}

fn login(site: &Site) -> Scenario {
    let body = json!({"username": site.username, "password": site.password});
    write(site, "login", Floor::Hash, "/api/auth/login", move |_| {
        json_body(&body)
    })
}

fn upload(site: &Site) -> Scenario {
    write(
        site,
        "upload",
        Floor::None,
        "/api/client-po/{po}/files",
        |number| {
            let mut body =
            b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"drawing.pdf\"\r\n\r\n%PDF-1.7\n".to_vec();
            // What does not shrink, and differs from file to file.
            let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            while body.len() < 40_000 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                body.extend(state.to_le_bytes());
            }
            body.extend(b"\r\n--x--\r\n");
            ("multipart/form-data; boundary=x".to_owned(), body)
        },
    )
}

/// A path with the names of a seeded size.
pub(crate) fn seeded(template: &str, pos: u32) -> String {
    path(template, pos)
}
