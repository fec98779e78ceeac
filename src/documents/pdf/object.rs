//! The values a PDF is made of.

use super::fixed::Fixed;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    Null,
    Bool,
    Number(Fixed),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    /// The number of an object that stands elsewhere.
    Reference(u32),
}

impl Object {
    pub(super) fn number(&self) -> Option<Fixed> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn whole<T: TryFrom<i64>>(&self) -> Option<T> {
        T::try_from(self.number()?.whole()?).ok()
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn dictionary(self) -> Option<Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    /// What copying it costs, about its size in bytes.
    pub(super) fn weight(&self) -> usize {
        const VALUE: usize = 32;
        let inner = match self {
            Self::Name(bytes) | Self::Text(bytes) => bytes.len(),
            Self::Array(values) => values.iter().map(Self::weight).sum(),
            Self::Dictionary(dictionary) => dictionary.0.iter().map(|(_, value)| value.weight()).sum(),
            Self::Null | Self::Bool | Self::Number(_) | Self::Reference(_) => 0,
        };
        VALUE.saturating_add(inner)
    }

    pub(super) fn array(self) -> Option<Vec<Self>> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }
}

/// Named values; of two with one name the first counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dictionary(pub(super) Vec<(Vec<u8>, Object)>);

impl Dictionary {
    pub(super) fn get(&self, key: &str) -> Option<&Object> {
        self.by_name(key.as_bytes())
    }

    pub(super) fn by_name(&self, key: &[u8]) -> Option<&Object> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_of_type(&self, name: &str) -> bool {
        self.get("Type").and_then(Object::name) == Some(name.as_bytes())
    }
}
