//! Who may call a route, read off the types of its handler, so that the OpenAPI document says what the handler enforces.
//!
//! Routes come in through the macro `routes!` here. A handler with an extractor that does not say what it asks of the caller does
//! not compile.

use axum::{
    Extension,
    extract::{Request, State},
    handler::Handler,
    http::{HeaderMap, Method, Uri},
};
use serde_json::json;
use utoipa::openapi::{Paths, extensions::ExtensionsBuilder, path::Operation};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::{
    app::AppState,
    auth::{Admin, Editor, RequiredRole, Role, Viewer},
    http::{
        base_url::BaseUrl,
        extract::{Json, Path, Query},
        shared_read::SharedRead,
    },
    unit_of_work::Write,
};

/// The key under which an operation of the document names the weakest role that may call it; absent where nobody needs to
/// be known.
pub const REQUIRED_ROLE: &str = "x-required-role";

/// What an extractor, or a handler's extractors together, ask of who calls.
pub trait Access {
    /// The weakest role that may call; `None` if nobody needs to be known.
    const CALLER: Option<Role>;
}

macro_rules! asks_nothing {
    ($([$($parameter:ident)?] $kind:ty;)+) => {
        $(impl$(<$parameter>)? Access for $kind {
            const CALLER: Option<Role> = None;
        })+
    };
}

asks_nothing! {
    [T] State<T>;
    [T] Extension<T>;
    [T] Path<T>;
    [T] Query<T>;
    [T] Json<T>;
    [] BaseUrl;
    [] HeaderMap;
    [] Method;
    [] Request;
    [] Uri;
}

macro_rules! asks_for_its_role {
    ($($kind:ty),+) => {
        $(impl Access for $kind {
            const CALLER: Option<Role> = <$kind as RequiredRole>::ROLE;
        })+
    };
}

asks_for_its_role!(Viewer, Editor, Admin);

impl Access for SharedRead {
    const CALLER: Option<Role> = <Viewer as RequiredRole>::ROLE;
}

impl<R: RequiredRole> Access for Write<R> {
    const CALLER: Option<Role> = R::ROLE;
}

impl<T: Access, E> Access for Result<T, E> {
    const CALLER: Option<Role> = T::CALLER;
}

/// A handler without extractors.
impl Access for ((),) {
    const CALLER: Option<Role> = None;
}

/// The strictest of what its extractors ask; the first of the tuple is a mark of axum's.
macro_rules! handler_access {
    ($($($extractor:ident)+;)+) => {
        $(impl<M, $($extractor: Access),+> Access for (M, $($extractor,)+) {
            const CALLER: Option<Role> = strictest(&[$($extractor::CALLER),+]);
        })+
    };
}

handler_access! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}

const fn strictest(roles: &[Option<Role>]) -> Option<Role> {
    match roles {
        [] => None,
        [first, rest @ ..] => match (*first, strictest(rest)) {
            (Some(Role::Admin), _) | (_, Some(Role::Admin)) => Some(Role::Admin),
            (Some(Role::Editor), _) | (_, Some(Role::Editor)) => Some(Role::Editor),
            (Some(Role::Viewer), _) | (_, Some(Role::Viewer)) => Some(Role::Viewer),
            (None, None) => None,
        },
    }
}

/// Writes into the document of a handler's route who may call it.
pub(crate) fn state_role<H, T>(
    mut route: UtoipaMethodRouter<AppState>,
    _handler: &H,
) -> UtoipaMethodRouter<AppState>
where
    H: Handler<T, AppState>,
    T: Access,
{
    if let Some(role) = T::CALLER {
        for operation in operations(&mut route.1) {
            state(operation, role);
        }
    }
    route
}

fn state(operation: &mut Operation, role: Role) {
    let extension = ExtensionsBuilder::new().add(REQUIRED_ROLE, json!(role)).build();
    operation.extensions.get_or_insert_default().merge(extension);
    let sentence = format!("Role: {}.", role.as_str());
    let description = match operation.description.take() {
        Some(text) if !text.is_empty() => format!("{text}\n\n{sentence}"),
        _ => sentence,
    };
    operation.description = Some(description);
}

fn operations(paths: &mut Paths) -> impl Iterator<Item = &mut Operation> {
    paths.paths.values_mut().flat_map(|item| {
        [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ]
        .into_iter()
        .flatten()
    })
}

/// Makes one route of several methods of one path.
pub(crate) fn join(
    first: UtoipaMethodRouter<AppState>,
    others: impl IntoIterator<Item = UtoipaMethodRouter<AppState>>,
) -> UtoipaMethodRouter<AppState> {
    let mut joined = first;
    for (schemas, paths, methods) in others {
        joined.0.extend(schemas);
        joined.1.merge(paths);
        joined.2 = joined.2.merge(methods);
    }
    joined
}

/// The handlers of one path, with their documentation and with who may call them.
macro_rules! routes {
    ($first:path $(, $other:path)* $(,)?) => {
        $crate::http::access::join(
            $crate::http::access::state_role(utoipa_axum::routes!($first), &$first),
            [$($crate::http::access::state_role(utoipa_axum::routes!($other), &$other)),*],
        )
    };
}
pub(crate) use routes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_extractor_counts() {
        let all = [None, Some(Role::Viewer), Some(Role::Editor), Some(Role::Admin)];
        for one in all {
            for other in all {
                assert_eq!(strictest(&[one, other]), one.max(other), "{one:?} {other:?}");
            }
        }
        assert_eq!(strictest(&[]), None);
    }
}
