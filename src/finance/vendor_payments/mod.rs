//! The vendors' ledger, table `vendor_payment`: money to vendors for their orders, and in advance.
