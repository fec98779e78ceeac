//! What the tests share.

pub(crate) mod accounts;
pub(crate) mod app;
pub(crate) mod bajaj_lines;
pub(crate) mod bajaj_pdf;
pub(crate) mod bucket;
pub(crate) mod builders;
pub(crate) mod callers;
pub(crate) mod cluster;
pub(crate) mod faults;
pub(crate) mod files;
pub(crate) mod logs;
pub(crate) mod operations;
pub(crate) mod order_table;
pub(crate) mod pdf;
pub(crate) mod printed;
pub(crate) mod server;
pub(crate) mod sheet;
pub(crate) mod vendor_rows;
pub(crate) mod waiting;
pub(crate) mod wire;
pub(crate) mod workbooks;

pub(crate) use app::TestApp;
pub(crate) use builders::money;
pub(crate) use callers::race;
