//! A mixed load on two projects: what each writer sends, and what it remembers of what was acknowledged.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    client::{Body, Client, Guard, Outcome, Write},
    figures::{Done, Figures, Kind},
};
use crate::numbers::Dice;

/// A pause between two uploads.
const UPLOAD_PACE: Duration = Duration::from_millis(100);
/// How many uploads may be on their way, or waiting for the lease of a server that was killed to lapse.
const UPLOADS: usize = 6;

/// What the writers write into: one of two projects with all that it has.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) project: i64,
    pub(super) po: i64,
    pub(super) vendor: i64,
    pub(super) order: i64,
}

/// What all writers share.
#[derive(Clone)]
pub(super) struct Load {
    pub(super) client: Client,
    pub(super) sites: Vec<Site>,
    pub(super) figures: Arc<Mutex<Figures>>,
    pub(super) is_over: Arc<AtomicBool>,
}

/// Something that a writer made and may change later.
#[derive(Clone)]
struct Made {
    site: usize,
    /// A number, or of a bill a UUID.
    id: String,
    version: i64,
    amount: i64,
}

struct Writer {
    load: Load,
    number: u64,
    dice: Dice,
    written: u32,
    lines: Vec<Made>,
    payments: Vec<Made>,
    bills: Vec<Made>,
}

impl Load {
    /// Writes until it is over; all that was begun is then done.
    pub(super) async fn write(self, number: u64, seed: u64) {
        let mut writer = Writer {
            load: self,
            number,
            dice: Dice::new(seed.wrapping_add(number)),
            written: 0,
            lines: Vec::new(),
            payments: Vec::new(),
            bills: Vec::new(),
        };
        while !writer.load.is_over.load(Ordering::Relaxed) {
            writer.step().await;
        }
    }

    /// Uploads a file every now and then until it is over. The key of one whose server was killed is free only after some
    /// seconds, in which others begin.
    pub(super) async fn upload(self) {
        let mut running = JoinSet::new();
        let mut number = 0_usize;
        while !self.is_over.load(Ordering::Relaxed) {
            let site = number % self.sites.len();
            let mark = format!("file-{number}.pdf");
            let bytes = format!("%PDF-1.7\n{mark}\n%%EOF\n").into_bytes();
            let write = Write {
                method: Method::POST,
                path: format!("/api/client-po/{}/files", self.sites[site].po),
                body: Body::File(mark.clone(), bytes),
                guard: Guard::Key(mark.clone()),
            };
            let load = self.clone();
            running.spawn(async move { load.record(Kind::File, mark, site, 0, write).await });
            number += 1;
            tokio::time::sleep(UPLOAD_PACE).await;
            if running.len() == UPLOADS
                && let Some(upload) = running.join_next().await
            {
                upload.expect("an upload ends");
            }
        }
        while let Some(upload) = running.join_next().await {
            upload.expect("an upload ends");
        }
    }

    /// Sends a POST until it is done, and remembers it; its answer.
    async fn record(&self, kind: Kind, mark: String, site: usize, amount: i64, write: Write) -> Value {
        let Outcome::Answered(reply) = self.client.until_done(&write).await else {
            panic!("a POST has no version");
        };
        let answer = reply.json();
        let done = Done {
            kind,
            mark,
            site,
            amount,
            write,
            answer: reply.bytes,
        };
        self.figures.lock().unwrap().done.push(done);
        answer
    }
}

impl Writer {
    async fn step(&mut self) {
        match self.dice.roll(12) {
            0 | 1 if !self.lines.is_empty() => self.change_line().await,
            3 => self.receive().await,
            4 if !self.payments.is_empty() => self.clear().await,
            5 => self.add_po().await,
            6 => self.bill().await,
            7 if !self.bills.is_empty() => self.approve().await,
            8 | 9 => self.pay_vendor().await,
            10 => self.add_project().await,
            _ => self.add_line().await,
        }
    }

    fn mark(&mut self, what: &str) -> String {
        self.written += 1;
        format!("{what}-{}-{}", self.number, self.written)
    }

    fn site(&mut self) -> usize {
        self.dice.index(self.load.sites.len())
    }

    fn amount(&mut self) -> i64 {
        i64::try_from(self.dice.roll(900)).unwrap() + 100
    }

    /// A POST under a key that is its mark.
    async fn post(
        &self,
        kind: Kind,
        mark: &str,
        site: usize,
        amount: i64,
        path: String,
        body: Value,
    ) -> Value {
        let write = Write {
            method: Method::POST,
            path,
            body: Body::Json(body),
            guard: Guard::Key(mark.to_owned()),
        };
        self.load.record(kind, mark.to_owned(), site, amount, write).await
    }

    async fn put(&self, path: String, version: i64, body: Value) {
        let write = Write {
            method: Method::PUT,
            path,
            body: Body::Json(body),
            guard: Guard::Version(version),
        };
        self.load.client.until_done(&write).await;
    }

    async fn add_line(&mut self) {
        let (mark, site, amount) = (self.mark("line"), self.site(), self.amount());
        let path = format!("/api/po/{}/line-items", self.load.sites[site].po);
        let body = json!({"item_name": mark, "quantity": 1, "unit_price": amount});
        let answer = self.post(Kind::Line, &mark, site, amount, path, body).await;
        self.lines
            .push(made(&answer["line_item"], "line_item_id", site, amount));
    }

    async fn change_line(&mut self) {
        let (mark, amount) = (self.mark("changed"), self.amount());
        let line = self.dice.index(self.lines.len());
        let Made {
            site,
            id,
            version,
            amount: before,
        } = self.lines[line].clone();
        let body = json!({"item_name": mark, "unit_price": amount});
        self.put(format!("/api/line-items/{id}"), version, body).await;
        self.lines[line].version += 1;
        self.lines[line].amount = amount;
        self.load
            .figures
            .lock()
            .unwrap()
            .line_changed(id, mark, site, amount - before);
    }

    async fn receive(&mut self) {
        let (mark, site, amount) = (self.mark("received"), self.site(), self.amount());
        let path = format!("/api/po/{}/payments", self.load.sites[site].po);
        let body = json!({"amount": amount, "payment_date": "2026-02-10", "payment_mode": "upi", "status": "pending",
                          "reference_number": mark});
        let answer = self.post(Kind::Payment, &mark, site, amount, path, body).await;
        self.payments.push(made(&answer, "payment_id", site, amount));
    }

    async fn clear(&mut self) {
        let payment = self.dice.index(self.payments.len());
        let Made {
            site,
            id,
            version,
            amount,
        } = self.payments.swap_remove(payment);
        let body = json!({"status": "cleared"});
        self.put(format!("/api/payments/{id}/status"), version, body)
            .await;
        self.load.figures.lock().unwrap().cleared.push((id, site, amount));
    }

    async fn add_po(&mut self) {
        let (mark, site, amount) = (self.mark("po"), self.site(), self.amount());
        let body = json!({"client_id": 1, "project_id": self.load.sites[site].project, "po_number": mark,
                          "po_value": amount});
        self.post(Kind::Po, &mark, site, amount, "/api/po".to_owned(), body)
            .await;
    }

    async fn bill(&mut self) {
        let (mark, site, amount) = (self.mark("bill"), self.site(), self.amount());
        let Site { project, po, .. } = self.load.sites[site];
        let path = format!("/api/projects/{project}/billing-po");
        let body = json!({"client_po_id": po, "billed_value": amount, "billed_gst": 0, "po_number": mark});
        let answer = self.post(Kind::Bill, &mark, site, amount, path, body).await;
        self.bills.push(made(&answer["billing_po"], "id", site, amount));
    }

    async fn approve(&mut self) {
        let bill = self.dice.index(self.bills.len());
        let Made { site, id, .. } = self.bills.swap_remove(bill);
        let mark = self.mark("approval");
        let path = format!("/api/billing-po/{id}/approve");
        self.post(Kind::Approval, &mark, site, 0, path, json!({"notes": mark}))
            .await;
    }

    /// A payment to a vendor, of which a part is linked to the vendor's order.
    async fn pay_vendor(&mut self) {
        let (mark, site, amount) = (self.mark("paid"), self.site(), self.amount());
        let Site { vendor, order, .. } = self.load.sites[site];
        let body = json!({"vendor_id": vendor, "amount": amount, "payment_date": "2026-02-17", "status": "cleared",
                          "reference_number": mark});
        let path = "/api/vendor-payments".to_owned();
        let answer = self
            .post(Kind::VendorPayment, &mark, site, amount, path, body)
            .await;
        let payment = &answer["payment_id"];
        let (mark, part) = (
            self.mark("link"),
            amount - i64::try_from(self.dice.roll(100)).unwrap(),
        );
        let path = format!("/api/vendor-orders/{order}/link-payment");
        let body = json!({"link_type": "outgoing", "vendor_payment_id": payment, "amount": part});
        self.post(Kind::Link, &mark, site, part, path, body).await;
    }

    async fn add_project(&mut self) {
        let mark = self.mark("project");
        let body = json!({"name": mark, "client_id": 1});
        self.post(Kind::Project, &mark, 0, 0, "/api/projects".to_owned(), body)
            .await;
    }
}

fn made(answer: &Value, id: &str, site: usize, amount: i64) -> Made {
    Made {
        site,
        id: match &answer[id] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => panic!("no {id} in {answer}"),
        },
        version: 1,
        amount,
    }
}
