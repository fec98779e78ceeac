//! The one integration binary: every test goes through the HTTP door against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::type_complexity,
    clippy::format_collect,
    clippy::too_many_lines,
    clippy::large_stack_arrays,
    clippy::needless_raw_string_hashes,
    clippy::unreadable_literal,
    clippy::case_sensitive_file_extension_comparisons,
    dead_code,
    reason = "a test that meets what it did not expect ends by panicking; the harness offers more than each test takes"
)]

mod adopt_command;
mod adoption;
mod audit;
mod audit_seals;
mod auth;
mod backup;
mod bajaj_orders;
mod bajaj_pdf;
mod bajaj_places;
mod bajaj_tables;
mod bajaj_taxes;
mod bajaj_totals;
mod billing;
mod billing_faults;
mod billing_lines;
mod billing_races;
mod billing_revisions;
mod billing_summaries;
mod bulk_uploads;
mod client_payments;
mod client_side_faults;
mod clients;
mod compression;
mod concurrency;
mod constraints;
mod coverage;
mod deletion;
mod document_downloads;
mod document_forms;
mod document_records;
mod documents;
mod documents_faults;
mod embedded;
mod enriched;
mod errors;
mod figures;
mod health;
mod histories;
mod hostile_workbooks;
mod idempotency;
mod line_item_changes;
mod line_items;
mod login_limit;
mod logs;
mod metrics;
mod middleware;
mod openapi;
mod order_profit;
mod parsers_excel;
mod parties_faults;
mod payment_links;
mod payment_reports;
mod payments;
mod po_files;
mod po_upload;
mod proforma_invoices;
mod proforma_upload;
mod projects;
mod purchase_order_changes;
mod purchase_order_reads;
mod purchase_order_writes;
mod purchase_orders;
mod queries;
mod quotations;
mod rate_limit;
mod readme;
mod recorded_rows;
mod search;
mod security;
mod session_breaks;
mod session_downloads;
mod sessions;
mod shared_reads;
mod startup;
mod storage;
mod stores;
mod summaries;
mod support;
mod tokens;
mod unit_of_work;
mod upload_session_files;
mod upload_sessions;
mod upload_sessions_faults;
mod users;
mod vendor_figures;
mod vendor_ledger;
mod vendor_ledger_faults;
mod vendor_orders;
mod vendor_orders_faults;
mod vendors;
mod vendors_faults;
mod verbal_agreements;
mod verify_totals;
mod warm_connections;
mod wire;
mod worked_example;
