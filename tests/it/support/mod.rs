//! What the tests share.

pub(crate) mod app;
pub(crate) mod callers;
pub(crate) mod cluster;
pub(crate) mod sheet;
pub(crate) mod workbooks;

pub(crate) use app::TestApp;
pub(crate) use callers::{Caller, race};
