//! Names in a dump: which table of ours one means.

use std::io::Read;

use super::{
    bytes::Fault,
    lexer::{Lexer, Token},
};
use crate::adoption::tables;

/// A name with its schema, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Qualified {
    pub(super) schema: Option<String>,
    pub(super) name: String,
}

impl Qualified {
    /// The table of ours that is meant, where names without a schema are ours or not.
    pub(super) fn table(&self, unqualified_is_ours: bool) -> Option<&'static str> {
        self.is_ours(unqualified_is_ours)
            .then(|| tables::known(&self.name))
            .flatten()
    }

    /// Whether the name would be that of a table of ours if it were written otherwise: in small letters, or with its schema
    /// apart.
    pub(super) fn only_resembles_ours(&self, unqualified_is_ours: bool) -> bool {
        let (schema, name) = match self.name.rsplit_once('.') {
            Some((schema, name)) => (Some(schema.trim_matches('"').to_owned()), name),
            None => (self.schema.clone(), self.name.as_str()),
        };
        let usual = Self {
            schema,
            name: name.trim_matches('"').to_lowercase(),
        };
        self.table(unqualified_is_ours).is_none() && usual.table(unqualified_is_ours).is_some()
    }

    pub(super) fn is_ours(&self, unqualified_is_ours: bool) -> bool {
        match &self.schema {
            // Written without quotes, the schema's name loses its capital letter.
            Some(schema) => schema.eq_ignore_ascii_case("Finances"),
            None => unqualified_is_ours,
        }
    }

    /// A name inside a text, as `nextval` and `setval` take it.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut lexer = Lexer::new(super::bytes::Bytes::new(text));
        while let Some(token) = lexer.next().ok()? {
            tokens.push(token);
        }
        let (name, rest) = Self::take(&tokens)?;
        rest.is_empty().then_some(name)
    }

    /// The name at the beginning of these tokens, and the rest of them.
    pub(super) fn take(tokens: &[Token]) -> Option<(Self, &[Token])> {
        let (first, mut rest) = name(tokens)?;
        let mut parts = vec![first];
        while let [Token::Sign(b'.'), after @ ..] = rest {
            let (part, after) = name(after)?;
            parts.push(part);
            rest = after;
        }
        let name = parts.pop()?;
        Some((
            Self {
                // A database's name before the schema's does not matter.
                schema: parts.pop(),
                name,
            },
            rest,
        ))
    }

    /// The name that comes next in a dump.
    pub(super) fn read<R: Read>(lexer: &mut Lexer<R>) -> Result<Option<Self>, Fault> {
        let mut tokens = Vec::new();
        loop {
            if !matches!(lexer.peek()?, Some(Token::Word(_) | Token::Name(_))) {
                break;
            }
            tokens.extend(lexer.next()?);
            if !lexer.skip_sign(b'.')? {
                break;
            }
            tokens.push(Token::Sign(b'.'));
        }
        Ok(Self::take(&tokens).map(|(name, _)| name))
    }
}

/// A single name, and the rest of the tokens.
pub(super) fn name(tokens: &[Token]) -> Option<(String, &[Token])> {
    match tokens {
        [Token::Word(name) | Token::Name(name), rest @ ..] => Some((name.clone(), rest)),
        _ => None,
    }
}
