//! The words that say how a vendor order stands.

use crate::types::words::words;

words! {
    /// How an order stands with its approval.
    OrderStatus {
        /// Not approved yet.
        Pending = "pending",
        /// An admin agreed.
        Approved = "approved",
        /// Refused.
        Rejected = "rejected",
        /// The work is going on.
        InProgress = "in_progress" | "in-progress" | "in progress" | "ongoing",
        /// The work is done.
        Completed = "completed" | "done",
        /// Given up.
        Cancelled = "cancelled",
    }
}

words! {
    /// How the work of an order stands.
    WorkStatus {
        /// Not begun.
        Pending = "pending",
        /// Going on.
        InProgress = "in_progress" | "in-progress" | "in progress" | "ongoing",
        /// Done.
        Completed = "completed" | "done",
        /// Given up.
        Cancelled = "cancelled",
    }
}

words! {
    /// How far an order is paid.
    OrderPaymentStatus {
        /// Nothing is paid.
        Pending = "pending" | "unpaid",
        /// Something is paid.
        Partial = "partial" | "partially_paid" | "partially-paid" | "partially paid",
        /// All of it is paid.
        Paid = "paid",
    }
}

words! {
    /// What an order's value follows from.
    ValueBasis {
        /// The sum of its lines.
        Lines = "lines",
        /// What was stated.
        Stated = "stated",
    }
}

words! {
    /// How a line of an order stands.
    LineStatus {
        /// Not asked for yet.
        Pending = "pending",
        /// Asked for.
        Ordered = "ordered",
        /// On its way.
        Shipped = "shipped",
        /// Being worked on.
        InProgress = "in_progress" | "in-progress" | "in progress" | "ongoing",
        /// It arrived.
        Delivered = "delivered",
        /// Done.
        Completed = "completed" | "done",
        /// Given up.
        Cancelled = "cancelled",
    }
}
