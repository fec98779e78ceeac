//! The way of a request: routes, the middleware stack, extractors and answers. One file a middleware, each with one job.

pub mod access;
pub mod access_log;
pub mod attachment;
pub mod base_url;
pub mod body_limit;
pub mod conditional;
pub mod context;
pub mod cors;
pub mod docs;
pub mod drain;
pub mod envelope;
pub mod error_body;
pub mod extract;
pub mod json;
pub(crate) mod json_writer;
pub mod layers;
pub mod list;
pub mod multipart;
pub mod openapi;
mod paced;
pub mod panic;
pub mod range;
pub mod rate_limit;
pub mod retry;
pub mod router;
pub mod security_headers;
pub mod shared_read;
pub mod signed_links;
pub mod timeout;
pub mod trusted_hosts;
pub(crate) mod written;

pub use context::RequestContext;
