//! The rows of an `INSERT`, one after the other, written anew as rows of `COPY`.

use std::io::Read;

use super::{
    bytes::Fault,
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
/// rows end, otherwise the line on which the row begins. Commas too many are passed over, and a list without a semicolon
/// ends where a statement begins.
pub(super) fn next_row<R: Read>(
    lexer: &mut Lexer<R>,
    columns: usize,
    row: &mut Vec<u8>,
) -> Result<Option<u64>, Fault> {
    loop {
        match lexer.next_unless(|token| matches!(token, Token::Word(word) if begins_statement(word)))? {
            None => return Ok(None),
            Some(token) if token.is_sign(b',') => {}
            Some(token) if token.is_sign(b';') => return Ok(None),
            Some(token) if token.is_sign(b'(') => break,
            Some(token) if token.is_word("on") || token.is_word("returning") => {
                lexer.skip_statement()?;
                return Ok(None);
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
        value(lexer, row)?;
        found += 1;
        if !lexer.skip_sign(b',')? && !lexer.peek()?.is_some_and(|token| token.is_sign(b')')) {
            let text = match lexer.next()? {
                Some(token) => format!("{} behind a value of a row", said(&token)),
                None => "the dump ends within a row".to_owned(),
            };
            return Err(lexer.fault(text));
        }
    }
    if found != columns {
        return Err(lexer.fault(format!("a row of {found} values for {columns} columns")));
    }
    Ok(Some(began))
}

/// One constant, with a cast at most: nothing is computed.
fn value<R: Read>(lexer: &mut Lexer<R>, row: &mut Vec<u8>) -> Result<(), Fault> {
    match lexer.next()? {
        Some(Token::Text(text)) => write_text(lexer, &text, row)?,
        Some(Token::Number(number)) => row.extend_from_slice(number.as_bytes()),
        Some(Token::Sign(sign @ (b'-' | b'+'))) => match lexer.next()? {
            Some(Token::Number(number)) => {
                if sign == b'-' {
                    row.push(b'-');
                }
                row.extend_from_slice(number.as_bytes());
            }
            _ => return Err(lexer.fault("a sign without a number")),
        },
        Some(Token::Sign(b'(')) => {
            value(lexer, row)?;
            if !lexer.skip_sign(b')')? {
                return Err(lexer.fault("a value in brackets is no constant"));
            }
        }
        Some(Token::Word(word)) => match word.as_str() {
            "null" | "none" => row.extend_from_slice(br"\N"),
            "true" | "false" => row.extend_from_slice(word.as_bytes()),
            "date" | "timestamp" | "timestamptz" | "numeric" | "jsonb" | "json" | "uuid" | "time" => {
                match lexer.next()? {
                    Some(Token::Text(text)) => write_text(lexer, &text, row)?,
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
    }
    cast(lexer)
}

/// `::type`, which the column's own type makes superfluous.
fn cast<R: Read>(lexer: &mut Lexer<R>) -> Result<(), Fault> {
    while lexer.skip_sign(b':')? {
        if !lexer.skip_sign(b':')? {
            return Err(lexer.fault("a single colon behind a value"));
        }
        // A name of several words, with lengths in brackets.
        while !lexer
            .peek()?
            .is_none_or(|token| matches!(token, Token::Sign(b',' | b')' | b':' | b';')))
        {
            if lexer.next()?.is_some_and(|token| token.is_sign(b'(')) {
                while !lexer.skip_sign(b')')? {
                    if lexer.next()?.is_none() {
                        return Err(lexer.fault("the dump ends within a row"));
                    }
                }
            }
        }
    }
    Ok(())
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
