//! What these tests share, most of it with the other binary.

#[path = "../../it/support/accounts.rs"]
pub(crate) mod accounts;
#[path = "../../it/support/app.rs"]
pub(crate) mod app;
#[path = "../../it/support/bucket.rs"]
pub(crate) mod bucket;
#[path = "../../it/support/builders.rs"]
pub(crate) mod builders;
#[path = "../../it/support/callers.rs"]
pub(crate) mod callers;
#[path = "../../it/support/cluster.rs"]
pub(crate) mod cluster;
#[path = "../../it/support/logs.rs"]
pub(crate) mod logs;
#[path = "../../it/support/server.rs"]
pub(crate) mod server;
#[path = "../../it/support/sheet.rs"]
pub(crate) mod sheet;
#[path = "../../it/support/waiting.rs"]
pub(crate) mod waiting;
#[path = "../../it/support/wire.rs"]
pub(crate) mod wire;
#[path = "../../it/support/workbooks.rs"]
pub(crate) mod workbooks;

pub(crate) use app::TestApp;
pub(crate) use builders::money;
pub(crate) use callers::race;
