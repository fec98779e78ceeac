//! Columns as `CREATE TABLE` and `ALTER TABLE` define them.

use super::{
    lexer::Token,
    names::{self, Qualified},
};
use crate::adoption::tables::{Column, Fallback, Kind};

/// Words that end a column's type.
const BEHIND_TYPE: [&str; 12] = [
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "check",
    "references",
    "constraint",
    "generated",
    "collate",
    "deferrable",
    "storage",
];
/// What begins a rule of the table where a column could stand.
const TABLE_RULES: [&str; 7] = [
    "constraint",
    "primary",
    "unique",
    "check",
    "foreign",
    "exclude",
    "like",
];

/// A column as it is defined.
pub(super) struct Defined {
    pub(super) column: Column,
    /// The expression that fills it, if that is not one of those that are taken over.
    pub(super) unknown_default: Option<Vec<Token>>,
    /// Whether the expression fills it whatever is written.
    pub(super) is_computed: bool,
}

/// The columns between the brackets of `CREATE TABLE`; `None` for what cannot be understood.
pub(super) fn columns(tokens: &[Token]) -> Option<Vec<Defined>> {
    split(tokens, b',')
        .into_iter()
        .filter(|element| !is_rule(element))
        .map(column)
        .collect()
}

/// Whether an element is a rule of the table, or nothing, as behind a comma too many.
fn is_rule(element: &[Token]) -> bool {
    match element {
        [] => true,
        // A column may be called like that, and is followed by its type then.
        [Token::Word(word), next, ..] => {
            TABLE_RULES.contains(&word.as_str())
                && match word.as_str() {
                    "constraint" => true,
                    "primary" | "foreign" => next.is_word("key"),
                    "like" => !next.is_sign(b'('),
                    _ => next.is_sign(b'('),
                }
        }
        _ => false,
    }
}

/// A column's name, type and what goes with it.
pub(super) fn column(tokens: &[Token]) -> Option<Defined> {
    let (name, rest) = names::name(tokens)?;
    let end = rest
        .iter()
        .position(|token| matches!(token, Token::Word(word) if BEHIND_TYPE.contains(&word.as_str())))
        .unwrap_or(rest.len());
    let (kind, rules) = rest.split_at_checked(end)?;
    let is_serial = matches!(kind, [Token::Word(word)] if word.contains("serial"));
    let mut column = Column {
        name,
        kind: type_of(kind)?,
        not_null: is_serial,
        default: is_serial.then_some(Fallback::Sequence(None)),
    };
    let mut unknown_default = None;
    let mut is_computed = false;
    let mut rest = rules;
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (first, behind) {
            (Token::Word(word), [Token::Word(next), ..])
                if (word == "not" && next == "null") || (word == "primary" && next == "key") =>
            {
                column.not_null = true;
            }
            (Token::Word(word), _) if word == "default" => {
                let end = expression_end(behind);
                let (expression, behind) = behind.split_at_checked(end)?;
                column.default = default_for(&column.kind, expression);
                let is_nothing = without_casts(expression)
                    .is_some_and(|bare| matches!(bare, [token] if token.is_word("null")));
                unknown_default = (column.default.is_none() && !is_nothing).then(|| expression.to_vec());
                rest = behind;
            }
            (Token::Word(word), _) if word == "generated" => {
                if behind.iter().any(|token| token.is_word("identity")) {
                    column.default = Some(Fallback::Sequence(sequence_name(behind)));
                    column.not_null = true;
                } else {
                    is_computed = true;
                    unknown_default = Some(behind.to_vec());
                }
                break;
            }
            // The rule's own words are none of the column's.
            (Token::Word(word), _) if word == "check" || word == "references" => {
                let end = behind
                    .iter()
                    .position(
                        |token| matches!(token, Token::Word(word) if word == "not" || word == "default"),
                    )
                    .filter(|_| word == "references")
                    .unwrap_or_else(|| closing(behind));
                rest = behind.get(end..).unwrap_or_default();
            }
            _ => {}
        }
    }
    Some(Defined {
        column,
        unknown_default,
        is_computed,
    })
}

/// Where the brackets that begin here end.
fn closing(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(b'(') => depth += 1,
            Token::Sign(b')') => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return place + 1;
        }
    }
    tokens.len()
}

/// `SEQUENCE NAME x` of an identity column.
fn sequence_name(tokens: &[Token]) -> Option<String> {
    let place = tokens.windows(2).position(
        |pair| matches!(pair, [first, second] if first.is_word("sequence") && second.is_word("name")),
    )?;
    Qualified::take(tokens.get(place + 2..)?).map(|(name, _)| name.name)
}

/// Where the expression of a default ends.
fn expression_end(tokens: &[Token]) -> usize {
    let mut depth = 0_i32;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(b'(') => depth += 1,
            Token::Sign(b')') => depth -= 1,
            // The default itself may be NULL.
            Token::Word(word) if depth == 0 && place > 0 && BEHIND_TYPE.contains(&word.as_str()) => {
                return place;
            }
            _ => {}
        }
    }
    tokens.len()
}

/// A default that is taken over for a column of this type. Old servers write the day of a row as `('now'::text)::date`.
pub(super) fn default_for(kind: &Kind, tokens: &[Token]) -> Option<Fallback> {
    match default(tokens)? {
        Fallback::Constant(text) if kind.keeps().is_some() && text.eq_ignore_ascii_case("now") => {
            Some(Fallback::Function("CURRENT_TIMESTAMP"))
        }
        default => Some(default),
    }
}

/// A default that is taken over; any other one is left out.
pub(super) fn default(tokens: &[Token]) -> Option<Fallback> {
    let tokens = without_casts(tokens)?;
    match tokens {
        [Token::Sign(b'('), .., Token::Sign(b')')] => default(tokens.get(1..tokens.len() - 1)?),
        [Token::Text(text)] => Some(Fallback::Constant(String::from_utf8(text.clone()).ok()?)),
        [Token::Number(number)] => Some(Fallback::Constant(number.clone())),
        [Token::Sign(b'-'), Token::Number(number)] => Some(Fallback::Constant(format!("-{number}"))),
        [Token::Word(word)] => match word.as_str() {
            "true" | "false" => Some(Fallback::Constant(word.clone())),
            "current_timestamp" | "localtimestamp" => Some(Fallback::Function("CURRENT_TIMESTAMP")),
            "current_date" => Some(Fallback::Function("CURRENT_DATE")),
            _ => None,
        },
        _ => call(tokens),
    }
}

fn call(tokens: &[Token]) -> Option<Fallback> {
    let (function, arguments) = Qualified::take(tokens)?;
    match (function.name.as_str(), arguments) {
        ("now" | "clock_timestamp" | "statement_timestamp", [Token::Sign(b'('), Token::Sign(b')')]) => {
            Some(Fallback::Function("now()"))
        }
        ("gen_random_uuid" | "uuid_generate_v4", [Token::Sign(b'('), Token::Sign(b')')]) => {
            Some(Fallback::Function("gen_random_uuid()"))
        }
        ("nextval", [Token::Sign(b'('), Token::Text(name), .., Token::Sign(b')')]) => Some(
            Fallback::Sequence(Qualified::parse(name).map(|sequence| sequence.name)),
        ),
        _ => None,
    }
}

/// An expression without `::type` behind it; `None` if more than types follows.
fn without_casts(tokens: &[Token]) -> Option<&[Token]> {
    let mut depth = 0_i32;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(b'(') => depth += 1,
            Token::Sign(b')') => depth -= 1,
            Token::Sign(b':') if depth == 0 => {
                let is_type = |token: &Token| {
                    matches!(
                        token,
                        Token::Word(_)
                            | Token::Name(_)
                            | Token::Number(_)
                            | Token::Sign(b':' | b'.' | b',' | b'(' | b')' | b'[' | b']')
                    )
                };
                let (bare, types) = tokens.split_at_checked(place)?;
                return types.iter().all(is_type).then_some(bare);
            }
            _ => {}
        }
    }
    Some(tokens)
}

/// A type; one that is not PostgreSQL's own is read as text.
fn type_of(tokens: &[Token]) -> Option<Kind> {
    let mut words = Vec::new();
    let mut lengths = Vec::new();
    let mut is_array = false;
    let mut in_lengths = false;
    let (name, tokens) = match tokens {
        // A type of the system's schema, or of another one, which is none of ours.
        [
            Token::Word(schema) | Token::Name(schema),
            Token::Sign(b'.'),
            rest @ ..,
        ] => {
            if schema != "pg_catalog" {
                return Some(Kind::text());
            }
            names::name(rest)?
        }
        _ => names::name(tokens)?,
    };
    words.push(name);
    for token in tokens {
        match token {
            Token::Word(word) if word == "array" => is_array = true,
            Token::Word(word) => words.push(word.clone()),
            Token::Sign(b'(') => in_lengths = true,
            Token::Sign(b')') => in_lengths = false,
            Token::Sign(b'[') => is_array = true,
            Token::Sign(b',' | b']') => {}
            Token::Number(number) if in_lengths => lengths.push(number.parse().ok()?),
            Token::Number(_) if is_array => {}
            _ => return None,
        }
    }
    Some(Kind::new(&words.join(" "), &lengths, is_array).unwrap_or_else(Kind::text))
}

/// The parts between signs that stand outside brackets.
pub(super) fn split(tokens: &[Token], sign: u8) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let mut depth = 0_i32;
    let mut begin = 0;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(b'(') => depth += 1,
            Token::Sign(b')') => depth -= 1,
            Token::Sign(own) if *own == sign && depth == 0 => {
                parts.extend(tokens.get(begin..place));
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.extend(tokens.get(begin..));
    parts
}
