//! The finance backend of the Nexgen ERP: purchase orders, vendors, payments, billing and profit of a contractor.
//!
//! A request passes the middleware of [`http`], reaches a handler in [`auth`], [`finance`], [`uploads`] or [`health`],
//! and there reads through the pool or writes through a [`unit_of_work`]. [`config`] holds the settings, [`postgres`]
//! the database, [`documents`] the parsers of purchase-order files, [`telemetry`] logs, metrics and traces, [`cli`] the
//! command line, [`backup`] saves everything and brings it back, and [`app`] puts the parts together.

pub mod adoption;
pub mod app;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod cli;
pub mod config;
pub mod documents;
pub mod error;
pub mod finance;
pub mod health;
pub mod http;
pub mod postgres;
pub mod telemetry;
pub mod types;
pub mod unit_of_work;
pub mod uploads;
