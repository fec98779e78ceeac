//! The rows of an `INSERT`, one after the other, written anew as rows of `COPY`.

use std::io::Read;

use super::{
    bytes::Fault,
    ends::{Holds, Statement},
    lexer::{Lexer, Token},
};

/// What ends the list of rows and begins another statement, where no semicolon does.
const STATEMENTS: [&str; 16] = [
    "insert", "create", "alter", "copy", "select", "comment", "drop", "begin", "commit", "set", "update",
    "delete", "grant", "revoke", "truncate", "do",
];

/// Whether a statement begins with this word.
pub(super) fn begins_statement(word: &str) -> bool {
    STATEMENTS.contains(&word)
}

/// Reads the next row behind `VALUES` or another row into `row`, as a line of `COPY` without its end; `None` where the
/// rows end, otherwise the line on which the row begins. Of each column it must know whether it holds days. Commas too many
/// are passed over, and a list without a semicolon ends where a statement begins.
pub(super) fn next_row<R: Read>(
    lexer: &mut Lexer<R>,
    columns: &[bool],
    row: &mut Vec<u8>,
) -> Result<Option<u64>, Fault> {
    loop {
        match lexer.next_unless(|token| matches!(token, Token::Word(word) if begins_statement(word)))? {
            None => return Ok(None),
            Some(token) if token.is_sign(b',') => {}
            Some(token) if token.is_sign(b';') => return Ok(None),
            Some(token) if token.is_sign(b'(') => break,
            Some(token) if token.is_word("on") || token.is_word("returning") => {
                return end_of_rows(lexer).map(|()| None);
            }
            Some(token) => return Err(lexer.fault(format!("{} where a row should begin", said(&token)))),
        }
    }
    let began = lexer.line();
    let mut found = 0;
    while !lexer.skip_sign(b')')? {
        if found > 0 {
            row.push(b'\t');
        }
        value(lexer, columns.get(found).copied().unwrap_or(false), row)?;
        found += 1;
        if !lexer.skip_sign(b',')? && !lexer.peek()?.is_some_and(|token| token.is_sign(b')')) {
            let text = match lexer.next()? {
                Some(token) => format!("{} behind a value of a row", said(&token)),
                None => "the dump ends within a row".to_owned(),
            };
            return Err(lexer.fault(text));
        }
    }
    if found != columns.len() {
        let text = format!("a row of {found} values for {} columns", columns.len());
        return Err(lexer.fault(text));
    }
    Ok(Some(began))
}

/// What may stand behind the rows: `ON CONFLICT DO NOTHING`, `RETURNING`. A change of what is there is not executed. Another
/// statement may begin on the same line.
fn end_of_rows<R: Read>(lexer: &mut Lexer<R>) -> Result<(), Fault> {
    let mut statement = Statement::new(Holds::Values, lexer);
    while !(statement.is_flat() && statement.ends_before(lexer)?) {
        match statement.next(lexer)? {
            Some(token) if token.is_word("update") => {
                return Err(
                    lexer.fault("ON CONFLICT DO UPDATE changes rows, and nothing in a dump is executed")
                );
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(())
}

/// One constant, with casts that do not change it at most: nothing is computed.
fn value<R: Read>(lexer: &mut Lexer<R>, is_day: bool, row: &mut Vec<u8>) -> Result<(), Fault> {
    let mut typed = None;
    let constant = match lexer.next()? {
        Some(Token::Text(text)) => Some(text),
        Some(Token::Number(number)) => Some(number.into_bytes()),
        Some(Token::Sign(sign @ (b'-' | b'+'))) => match lexer.next()? {
            Some(Token::Number(number)) if sign == b'-' => Some(format!("-{number}").into_bytes()),
            Some(Token::Number(number)) => Some(number.into_bytes()),
            _ => return Err(lexer.fault("a sign without a number")),
        },
        Some(Token::Sign(b'(')) => {
            value(lexer, is_day, row)?;
            if !lexer.skip_sign(b')')? {
                return Err(lexer.fault("a value in brackets is no constant"));
            }
            if lexer.peek()?.is_some_and(|token| token.is_sign(b':')) {
                return Err(lexer.fault("a cast of a value in brackets is not executed; write its result"));
            }
            return Ok(());
        }
        Some(Token::Word(word)) => match word.as_str() {
            "null" | "none" => None,
            "true" | "false" => Some(word.into_bytes()),
            "date" | "timestamp" | "timestamptz" | "numeric" | "jsonb" | "json" | "uuid" | "time" => {
                match lexer.next()? {
                    Some(Token::Text(text)) => {
                        typed = Some(Cast::of(word));
                        Some(text)
                    }
                    _ => return Err(lexer.fault(format!("{word} without a text"))),
                }
            }
            _ => {
                return Err(lexer.fault(format!(
                    "the value {word} is no constant, and nothing in a dump is executed"
                )));
            }
        },
        Some(token) => return Err(lexer.fault(format!("{} is no value", said(&token)))),
        None => return Err(lexer.fault("the dump ends within a row")),
    };
    loop {
        if let (Some(cast), Some(constant)) = (typed, &constant)
            && !cast.keeps(&String::from_utf8_lossy(constant), is_day)
        {
            return Err(lexer.fault(format!(
                "the cast to {} changes a value, and nothing in a dump is executed; write its result",
                cast.name
            )));
        }
        typed = cast(lexer)?;
        if typed.is_none() {
            break;
        }
    }
    let Some(constant) = constant else {
        row.extend_from_slice(br"\N");
        return Ok(());
    };
    write_text(lexer, &constant, row)
}

/// A type behind a value.
struct Cast {
    name: String,
    lengths: Vec<String>,
}

impl Cast {
    fn of(name: String) -> Self {
        Self {
            name,
            lengths: Vec::new(),
        }
    }

    /// Whether a value stays what it is, so that the column's own type makes the cast superfluous.
    fn keeps(&self, value: &str, is_day: bool) -> bool {
        let number = value.trim().trim_start_matches(['-', '+']);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let digits = number
            .trim_start_matches(['0', '.'])
            .bytes()
            .filter(u8::is_ascii_digit);
        let length = |place: usize| {
            self.lengths
                .get(place)
                .and_then(|length| length.parse::<usize>().ok())
        };
        let has_offset = value
            .split_once(':')
            .is_some_and(|(_, time)| time.contains(['+', '-', 'Z', 'z']));
        match self.name.as_str() {
            "numeric" | "decimal" => {
                let most = length(1).unwrap_or(0);
                self.lengths.is_empty() || (is_plain && fraction.trim_end_matches('0').len() <= most)
            }
            "smallint" | "integer" | "bigint" | "int" | "int2" | "int4" | "int8" => {
                is_plain && fraction.bytes().all(|byte| byte == b'0') && !whole.is_empty()
            }
            "real" | "float4" => is_plain && digits.count() <= 6,
            "double precision" | "float8" | "float" => is_plain && digits.count() <= 15,
            "character varying" | "varchar" | "character" | "char" | "bpchar" => {
                length(0).is_none_or(|most| value.chars().count() <= most)
            }
            "date" => !value.contains(':'),
            "timestamp" | "timestamp without time zone" | "time" | "time without time zone" => {
                self.lengths.is_empty() && !has_offset
            }
            "timestamptz" | "timestamp with time zone" => self.lengths.is_empty() && !(is_day && has_offset),
            _ => true,
        }
    }
}

/// `::type`, if it is there: a name of several words, with lengths in brackets. Nothing else may follow.
fn cast<R: Read>(lexer: &mut Lexer<R>) -> Result<Option<Cast>, Fault> {
    if !lexer.skip_sign(b':')? {
        return Ok(None);
    }
    if !lexer.skip_sign(b':')? {
        return Err(lexer.fault("a single colon behind a value"));
    }
    let mut words = Vec::new();
    let mut lengths = Vec::new();
    loop {
        let ends = |token: &Token| matches!(token, Token::Sign(b',' | b')' | b':'));
        match lexer.next_unless(ends)? {
            None if lexer.peek()?.is_none() => return Err(lexer.fault("the dump ends within a row")),
            None => break,
            // Behind a point comes the name itself.
            Some(Token::Sign(b'.')) => words.clear(),
            Some(Token::Sign(b'[' | b']')) => {}
            Some(Token::Word(word) | Token::Name(word)) => words.push(word),
            Some(Token::Sign(b'(')) => {
                while !lexer.skip_sign(b')')? {
                    match lexer.next()? {
                        Some(Token::Number(length)) => lengths.push(length),
                        Some(Token::Sign(b',')) => {}
                        _ => return Err(lexer.fault("the lengths of a type cannot be read")),
                    }
                }
            }
            Some(token) => {
                return Err(lexer.fault(format!(
                    "{} behind a value: nothing in a dump is executed; write the result",
                    said(&token)
                )));
            }
        }
    }
    let name = words.join(" ");
    Ok(Some(Cast { name, lengths }))
}

fn write_text<R: Read>(lexer: &Lexer<R>, text: &[u8], row: &mut Vec<u8>) -> Result<(), Fault> {
    for byte in text {
        match byte {
            b'\\' => row.extend_from_slice(br"\\"),
            b'\n' => row.extend_from_slice(br"\n"),
            b'\r' => row.extend_from_slice(br"\r"),
            b'\t' => row.extend_from_slice(br"\t"),
            0 => return Err(lexer.fault("a text has a byte 0 in it")),
            other => row.push(*other),
        }
    }
    Ok(())
}

/// A token as a reader of the dump recognises it.
pub(super) fn said(token: &Token) -> String {
    match token {
        Token::Word(word) => word.clone(),
        Token::Name(name) => format!("\"{name}\""),
        Token::Text(_) => "a text".to_owned(),
        Token::Number(number) => number.clone(),
        Token::Sign(sign) => format!("'{}'", char::from(*sign).escape_default()),
        Token::Command(_) => "a command to psql".to_owned(),
    }
}
