//! The database: the pool, the embedded cluster, and the migrations that make or adopt the schema.

pub mod client_programs;
pub mod embedded;
pub(crate) mod in_order;
pub mod migrate;
pub(crate) mod obstacles;
mod pool;
pub mod programs;
pub(crate) mod sql;

pub use pool::Pool;
