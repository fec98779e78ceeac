//! Turns a panic into the answer of any other fault of ours.

use std::any::Any;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};

use crate::error::Error;

/// Answers 500 with our body; the text of the panic goes to the log only.
#[derive(Debug, Clone, Copy)]
pub struct AnswerPanic;

impl ResponseForPanic for AnswerPanic {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, panic: Box<dyn Any + Send + 'static>) -> Response {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no text");
        let mut response = Error::internal(anyhow::anyhow!("a handler panicked")).into_response();
        response
            .extensions_mut()
            .insert(crate::error::Cause(format!("panic: {text}")));
        response
    }
}

/// The layer.
pub fn layer() -> CatchPanicLayer<AnswerPanic> {
    CatchPanicLayer::custom(AnswerPanic)
}
