//! What goes or moves with a PO, a line of one, or a project, and what stands in the way of that.

use super::{model::Book, payments::PAID, vendor_money::Source};

impl Book {
    /// What was done for a PO goes where the PO goes.
    pub(super) fn move_with(&mut self, po: i64, project: i64) {
        let orders: Vec<i64> = self
            .orders
            .iter()
            .filter(|(_, order)| order.po == Some(po))
            .map(|(id, _)| *id)
            .collect();
        for id in orders {
            let order = self.orders.get_mut(&id).expect("the order");
            order.version += i64::from(order.project != Some(project));
            order.project = Some(project);
            for payment in self.vendor_payments.values_mut() {
                if payment.order == Some(id) && payment.project != Some(project) {
                    payment.project = Some(project);
                    payment.version += 1;
                }
            }
        }
        for bill in self.bills.values_mut() {
            if bill.po == po && bill.project != project {
                bill.project = project;
                bill.version += 1;
            }
        }
    }

    /// Lines of vendor orders let go of client lines that are to be removed.
    pub(super) fn let_go_of_lines(&mut self, gone: &[i64]) {
        for line in self
            .orders
            .values_mut()
            .flat_map(|order| order.lines.values_mut())
        {
            if line
                .client_line
                .is_some_and(|client_line| gone.contains(&client_line))
            {
                line.client_line = None;
                line.version += 1;
            }
        }
    }

    /// Whether a PO is needed, so that only force deletes it.
    pub(super) fn is_needed(&self, po: i64) -> bool {
        let is_linked = self
            .payments_of(po)
            .any(|(id, _)| self.links_with(Source::Client(id)).next().is_some());
        let is_billed = self.bills.values().any(|bill| bill.po == po && !bill.is_draft());
        self.has_received(po) || is_linked || is_billed
    }

    /// How many vendor orders are for a PO.
    pub(super) fn orders_for(&self, po: i64) -> usize {
        self.orders.values().filter(|order| order.po == Some(po)).count()
    }

    pub(super) fn delete_po(&mut self, po: i64) {
        self.leave_project(po);
        let gone = self.pos.remove(&po).expect("a PO of the book");
        let lines: Vec<i64> = gone.lines.into_keys().collect();
        self.let_go_of_lines(&lines);
        let payments: Vec<i64> = self.payments_of(po).map(|(id, _)| id).collect();
        self.links.retain(|_, link| match link.source {
            Source::Client(payment) => !payments.contains(&payment),
            Source::Vendor(_) => true,
        });
        self.payments.retain(|_, payment| payment.po != po);
        self.bills.retain(|_, bill| bill.po != po);
        for order in self.orders.values_mut().filter(|order| order.po == Some(po)) {
            order.po = None;
            order.version += 1;
        }
    }

    /// Whether anything of a project is needed, so that only force deletes it.
    pub(super) fn is_project_needed(&self, project: i64) -> bool {
        let has_paid_orders = self
            .orders_of_project(project)
            .any(|(id, _)| self.paid_out(id) > 0 || self.links_of(id).any(|(_, link)| link.is_incoming));
        let has_paid_advances = self
            .vendor_payments
            .values()
            .any(|payment| payment.project == Some(project) && payment.order.is_none() && payment.is(&PAID));
        let has_bills = self
            .bills
            .values()
            .any(|bill| bill.project == project && !bill.is_draft());
        has_paid_orders
            || has_paid_advances
            || has_bills
            || self.pos_of(project).into_iter().any(|po| self.is_needed(po))
    }

    pub(super) fn delete_project(&mut self, project: i64) {
        let orders: Vec<i64> = self.orders_of_project(project).map(|(id, _)| id).collect();
        let payments: Vec<i64> = self
            .vendor_payments
            .iter()
            .filter(|(_, payment)| match payment.order {
                Some(order) => orders.contains(&order),
                None => payment.project == Some(project),
            })
            .map(|(id, _)| *id)
            .collect();
        self.links.retain(|_, link| {
            let is_gone = match link.source {
                Source::Vendor(payment) => payments.contains(&payment),
                Source::Client(_) => false,
            };
            !is_gone && !orders.contains(&link.order)
        });
        self.vendor_payments.retain(|id, _| !payments.contains(id));
        self.orders.retain(|id, _| !orders.contains(id));
        // An advance for the project that became the payment of an order without one.
        for payment in self.vendor_payments.values_mut() {
            if payment.project == Some(project) {
                payment.project = None;
                payment.version += 1;
            }
        }
        for po in self.pos_of(project) {
            self.delete_po(po);
        }
        self.bills.retain(|_, bill| bill.project != project);
        self.projects.remove(&project);
    }
}
