//! The outer shape of successful answers, in which older clients find what they look for.

use serde::{Serialize, Serializer, ser::Error as _};
use utoipa::{
    __dev::ComposeSchema,
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AllOfBuilder, ObjectBuilder, Type},
    },
};

use super::written::Written;

/// What `status` says in every success.
pub const SUCCESS: &str = "SUCCESS";

/// `{"status":"SUCCESS", …fields of the content…}`.
#[derive(Debug, Clone)]
pub struct Success<T>(pub T);

/// `{"status":"SUCCESS","data":{…content…}}`.
#[derive(Debug, Clone)]
pub struct WithData<T>(pub T);

/// `{"status":"SUCCESS", …fields of the content…, "data":{…the same fields, "status" too…}}`: for clients of which some
/// read the top level and some read `data`.
#[derive(Debug, Clone)]
pub struct Mirror<T>(pub T);

/// `{…fields of the content…, "data":{…the same…}}`: a mirror whose `status`, if there is one, is the content's own.
#[derive(Debug, Clone)]
pub struct Repeated<T>(pub T);

impl<T: Serialize> Serialize for Repeated<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let content = Written::of(&self.0).map_err(S::Error::custom)?;
        let whole = content.with("data", &content).map_err(S::Error::custom)?;
        whole.serialize(serializer)
    }
}

impl<T: ToSchema> ComposeSchema for Repeated<T> {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let head = ObjectBuilder::new()
            .property("data", content_schema::<T>())
            .required("data");
        beside_content::<T>(head)
    }
}

impl<T: ToSchema> ToSchema for Repeated<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Repeated".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T: Serialize> Serialize for Success<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a, T> {
            status: &'static str,
            #[serde(flatten)]
            content: &'a T,
        }
        Shape {
            status: SUCCESS,
            content: &self.0,
        }
        .serialize(serializer)
    }
}

impl<T: Serialize> Serialize for WithData<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a, T> {
            status: &'static str,
            data: &'a T,
        }
        Shape {
            status: SUCCESS,
            data: &self.0,
        }
        .serialize(serializer)
    }
}

impl<T: Serialize> Serialize for Mirror<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let content = Written::of(&Success(&self.0)).map_err(S::Error::custom)?;
        let whole = content.with("data", &content).map_err(S::Error::custom)?;
        whole.serialize(serializer)
    }
}

fn status_schema() -> ObjectBuilder {
    ObjectBuilder::new()
        .property(
            "status",
            ObjectBuilder::new()
                .schema_type(Type::String)
                .examples([serde_json::json!(SUCCESS)]),
        )
        .required("status")
}

// The derive cannot say that one content stands in two places, so that the schemas are put together by hand; the trait is
// the one that the derive implements for types with parameters.
/// Makes the schema of an envelope: its name, whether the content stands at the top, and whether under `data`.
macro_rules! envelope_schema {
    ($name:ident, top $top:literal, data $data:literal) => {
        impl<T: ToSchema> ComposeSchema for $name<T> {
            fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
                let mut head = status_schema();
                if $data {
                    let data = if $top {
                        beside_content::<T>(status_schema())
                    } else {
                        content_schema::<T>()
                    };
                    head = head.property("data", data).required("data");
                }
                if $top {
                    beside_content::<T>(head)
                } else {
                    RefOr::T(Schema::Object(head.build()))
                }
            }
        }

        impl<T: ToSchema> ToSchema for $name<T> {
            fn name() -> std::borrow::Cow<'static, str> {
                // The content's name is added by whoever refers to it.
                stringify!($name).into()
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                schemas.push((T::name().into_owned(), T::schema()));
                T::schemas(schemas);
            }
        }
    };
}

envelope_schema!(Success, top true, data false);
envelope_schema!(WithData, top false, data true);
envelope_schema!(Mirror, top true, data true);

/// These fields and those of the content in one object.
fn beside_content<T: ToSchema>(head: ObjectBuilder) -> RefOr<Schema> {
    let all = AllOfBuilder::new().item(head.build()).item(content_schema::<T>());
    RefOr::T(Schema::AllOf(all.build()))
}

fn content_schema<T: ToSchema>() -> RefOr<Schema> {
    utoipa::openapi::schema::Ref::from_schema_name(T::name()).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::Money;

    #[derive(Serialize)]
    struct Content {
        value: Money,
    }

    #[test]
    fn the_content_stands_where_each_envelope_says() {
        let content = || Content {
            value: Money(rust_decimal::dec!(5.50)),
        };
        let text = |value: serde_json::Value| value.to_string();
        assert_eq!(
            serde_json::to_string(&Success(content())).unwrap(),
            text(json!({"status": "SUCCESS", "value": 5.5}))
        );
        assert_eq!(
            serde_json::to_value(WithData(content())).unwrap().to_string(),
            text(json!({"status": "SUCCESS", "data": {"value": 5.5}}))
        );
        assert_eq!(
            serde_json::to_value(Mirror(content())).unwrap().to_string(),
            text(json!({"status": "SUCCESS", "value": 5.5, "data": {"status": "SUCCESS", "value": 5.5}}))
        );
    }
}
