//! Sets of words with one spelling each: statuses, types and the like.

/// Makes an enum of words that reads without regard to case, is stored and answered in its one spelling, and tells
/// which words are allowed where it refuses one. A word may have synonyms, which are only read.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $variant_doc:literal])+ $variant:ident = $word:literal $(| $synonym:literal)*,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant,)+
        }

        impl $name {
            /// The one spelling, on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Every word, in the order of the declaration.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::types::Input for $name {
            fn read(value: &serde_json::Value) -> Result<Self, $crate::types::Problem> {
                let word = value.as_str().map(|word| word.trim().to_ascii_lowercase());
                match word.as_deref() {
                    $(Some($word $(| $synonym)*) => Ok(Self::$variant),)+
                    _ => Err($crate::types::Problem::new("enum", format!("must be one of: {}", Self::WORDS.join(", ")))),
                }
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some(Self::WORDS.iter().copied()))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use words;
