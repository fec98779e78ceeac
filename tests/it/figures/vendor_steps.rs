//! Steps with vendors.

use serde_json::json;

use super::{
    history::{History, Who},
    model::Refusals,
    vendors::{VENDOR_STATUSES, Vendor},
};

impl History {
    /// Something to begin with.
    pub(super) async fn set_out_with_vendors(&mut self) {
        for _ in 0..3 {
            self.new_vendor().await;
        }
        for _ in 0..4 {
            self.place_order().await;
        }
    }

    /// One step of any kind on the vendors' side.
    pub(super) async fn vendor_step(&mut self) {
        match self.dice.roll(100) {
            0..2 => self.new_vendor().await,
            2..4 => self.change_vendor().await,
            4 => self.delete_vendor().await,
            5..12 => self.place_order().await,
            12..14 => self.place_orders().await,
            14..21 => self.change_order().await,
            21..26 => self.move_order().await,
            26..28 => self.delete_order().await,
            28..36 => self.add_vendor_line().await,
            36..39 => self.change_vendor_line().await,
            39..41 => self.delete_vendor_line().await,
            41..52 => self.pay_vendor().await,
            52..56 => self.change_vendor_payment().await,
            56..60 => self.move_vendor_payment().await,
            60 => self.reconcile_vendor_payment().await,
            61..63 => self.move_vendor_batch().await,
            63 => self.delete_vendor_payment().await,
            64..79 => self.link().await,
            79..82 => self.unlink().await,
            82..88 => self.bill().await,
            88..93 => self.change_bill().await,
            93..95 => self.approve_bill().await,
            95 => self.delete_bill().await,
            96..98 => self.add_bill_line().await,
            _ => self.delete_bill_line().await,
        }
    }

    pub(super) fn vendors(&self) -> Vec<i64> {
        self.book.vendors.keys().copied().collect()
    }

    /// A vendor's tax number; now and then one that another vendor has.
    fn gstin(&mut self, own: Option<i64>, refusals: &mut Refusals) -> String {
        let others = self.book.vendors.iter().filter(|(id, _)| Some(**id) != own);
        let taken: Vec<String> = others.filter_map(|(_, vendor)| vendor.gstin.clone()).collect();
        if self.dice.one_in(4)
            && let Some(other) = self.dice.pick(&taken)
        {
            refusals.push(409);
            return other.to_lowercase();
        }
        let name = self.name("");
        format!("27AAAAA{:0>8}", name.trim_start_matches('-'))
    }

    pub(super) async fn new_vendor(&mut self) {
        let mut refusals = Refusals::new();
        // Names may be shared.
        let mut name = self.name("Vendor");
        let names: Vec<String> = self
            .book
            .vendors
            .values()
            .map(|vendor| vendor.name.clone())
            .collect();
        if self.dice.one_in(8) {
            name = self.dice.pick(&names).unwrap_or(name);
        }
        let mut body = json!({"name": name, "email": "", "phone": ""});
        let mut status = "active";
        if self.dice.one_in(3) {
            status = VENDOR_STATUSES[self.dice.index(4)];
            body["status"] = json!(status.to_uppercase());
        }
        let mut gstin = None;
        if self.dice.one_in(2) {
            gstin = Some(self.gstin(None, &mut refusals));
            body[["gstin", "gst_number"][self.dice.index(2)]] = json!(gstin);
        }
        let who = self.any_editor();
        let what = ("POST", "/api/vendors".to_owned());
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let id = answer["vendor_id"].as_i64().expect("an id");
            assert_eq!(answer["data"]["id"], id);
            assert_eq!(answer["vendor"], answer["data"]);
            let vendor = Vendor {
                name,
                status,
                gstin,
                version: 1,
            };
            self.book.vendors.insert(id, vendor);
        }
    }

    pub(super) async fn change_vendor(&mut self) {
        let Some(id) = self.dice.pick(&self.vendors()) else {
            return;
        };
        let before = self.book.vendors[&id].clone();
        let mut vendor = before.clone();
        let mut refusals = Refusals::new();
        let mut body = json!({});
        match self.dice.roll(4) {
            0 => {
                vendor.name = self.name("Vendor");
                body["vendor_name"] = json!(vendor.name);
            }
            1 => {
                let gstin = Some(self.gstin(Some(id), &mut refusals)).filter(|_| !self.dice.one_in(3));
                if gstin.is_none() {
                    refusals.clear();
                }
                body["gstin"] = json!(gstin.clone().unwrap_or_default());
                vendor.gstin = gstin;
            }
            _ => {
                // Back to work more often than not.
                vendor.status = VENDOR_STATUSES[self.dice.index(6) % 4];
                body["status"] = json!(vendor.status);
            }
        }
        let who = self.any_editor();
        let what = ("PUT", format!("/api/vendors/{id}"));
        if self.take(who, what, Some(body), &refusals).await.is_some() {
            vendor.version += i64::from(vendor != before);
            self.book.vendors.insert(id, vendor);
        }
    }

    pub(super) async fn delete_vendor(&mut self) {
        let Some(id) = self.dice.pick(&self.vendors()) else {
            return;
        };
        let is_paid = self
            .book
            .vendor_payments
            .values()
            .any(|payment| payment.vendor == Some(id));
        let is_needed = is_paid || self.book.orders_of_vendor(id).next().is_some();
        let mut refusals = Refusals::new();
        let mut who = Who::Admin;
        if self.dice.one_in(5) {
            who = Who::Editor;
            refusals.push(403);
        } else if is_needed {
            refusals.push(409);
        }
        let what = ("DELETE", format!("/api/vendors/{id}"));
        if let Some(answer) = self.take(who, what, None, &refusals).await {
            assert_eq!(answer["data"]["vendor_id"], id);
            self.book.vendors.remove(&id);
        }
    }
}
