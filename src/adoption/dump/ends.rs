//! Where a statement ends: at its semicolon or, since dumps of the predecessor lack some of them, where a line begins another
//! statement. What may stand at the beginning of a line within a statement is told by what follows it: rows go
//! `INSERT INTO`, an event of a trigger goes `INSERT ON`.

use std::io::Read;

use super::{
    bytes::Fault,
    lexer::{Lexer, Token},
    names::Qualified,
};
use crate::adoption::tables;

/// What a statement may hold, and which words therefore go on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Words and values: `SET`, `COMMENT`, `SELECT setval(…)`, `CREATE SEQUENCE`, what stands behind rows.
    Values,
    /// Actions, one of which may be `SET …`: `ALTER`.
    Actions,
    /// Queries and parts called `SET`: `CREATE VIEW`, `CREATE FUNCTION`, `UPDATE`, `INSERT … SELECT`.
    Queries,
    /// Other statements, with their semicolons: `CREATE RULE`, `PREPARE`, `WITH`.
    Statements,
}

/// The words that begin a statement which must not be missed: it brings rows, changes them, or says how to read them.
const VERBS: [&str; 18] = [
    "insert", "replace", "copy", "update", "delete", "merge", "truncate", "create", "alter", "drop",
    "rollback", "abort", "do", "prepare", "with", "select", "set", "reset",
];
/// What follows such a word where it is an event, a privilege or a column, and no name of a table.
const NO_NAMES: [&str; 26] = [
    "and", "as", "asc", "between", "cascade", "default", "desc", "else", "end", "from", "in", "is", "like",
    "no", "not", "nowait", "null", "of", "on", "or", "restrict", "set", "skip", "to", "using", "with",
];
/// What a statement within another one stands behind.
const BEFORE_ACTIONS: [&str; 5] = ["also", "as", "do", "instead", "with"];
/// What such a statement begins with.
const ACTIONS: [&str; 6] = ["insert", "update", "delete", "select", "nothing", "values"];

/// A statement that is being read.
pub(super) struct Statement {
    holds: Holds,
    began: u64,
    depth: u32,
    /// Whether a comma or a bracket, or the beginning of a list of privileges, came last.
    is_in_list: bool,
    /// Whether a statement within this one comes next.
    awaits_action: bool,
    /// Whether those between brackets do, if there are any here.
    awaits_actions: bool,
}

impl Statement {
    /// Of the statement whose first words were read.
    pub(super) fn new<R: Read>(holds: Holds, lexer: &Lexer<R>) -> Self {
        Self {
            holds,
            began: lexer.line(),
            depth: 0,
            is_in_list: false,
            awaits_action: false,
            awaits_actions: false,
        }
    }

    /// Whether all brackets are closed.
    pub(super) fn is_flat(&self) -> bool {
        self.depth == 0
    }

    /// The next token; `None` at the end, a semicolon taken.
    ///
    /// # Errors
    /// If a bracket is open where rows begin or the dump ends: what belongs to the statement cannot be told.
    pub(super) fn next<R: Read>(&mut self, lexer: &mut Lexer<R>) -> Result<Option<Token>, Fault> {
        if matches!(lexer.peek()?, None | Some(Token::Command(_))) {
            return if self.is_flat() {
                Ok(None)
            } else {
                Err(self.open_bracket("the dump or its SQL ends"))
            };
        }
        if lexer.begins_line()? {
            if self.is_flat() {
                if self.ends_before(lexer)? {
                    return Ok(None);
                }
            } else if self.holds_no_rows(lexer)? {
                return Err(self.open_bracket("rows begin"));
            }
        }
        let Some(token) = lexer.next()? else {
            return Ok(None);
        };
        match &token {
            Token::Sign(b';') if self.is_flat() || self.holds != Holds::Statements => return Ok(None),
            Token::Sign(b'(') => {
                self.awaits_action &= !self.awaits_actions;
                self.depth += 1;
            }
            Token::Sign(b')') => self.depth = self.depth.saturating_sub(1),
            Token::Word(word) if self.is_flat() && BEFORE_ACTIONS.contains(&word.as_str()) => {
                self.awaits_action = true;
            }
            Token::Word(word) if self.is_flat() && ACTIONS.contains(&word.as_str()) => {
                self.awaits_action = false;
            }
            _ => {}
        }
        self.awaits_actions = ["also", "do", "instead"].iter().any(|word| token.is_word(word));
        self.is_in_list = match &token {
            Token::Sign(sign) => matches!(sign, b',' | b'('),
            Token::Word(word) => word == "grant" || word == "revoke",
            _ => false,
        };
        Ok(Some(token))
    }

    fn open_bracket(&self, place: &str) -> Fault {
        Fault::at(
            self.began,
            format!("a bracket of this statement is not closed where {place}"),
        )
    }

    /// Whether another statement begins with the next token.
    pub(super) fn ends_before<R: Read>(&self, lexer: &mut Lexer<R>) -> Result<bool, Fault> {
        let Some(verb) = verb(lexer)? else {
            return Ok(false);
        };
        let begins_rows = verb == "insert" && lexer.peek_at(1)?.is_some_and(|token| token.is_word("into"));
        if self.holds == Holds::Statements && self.awaits_action && ACTIONS.contains(&verb) {
            return Ok(false);
        }
        if self.is_in_list && !begins_rows {
            return Ok(false);
        }
        let may_hold = match verb {
            "select" | "with" => matches!(self.holds, Holds::Queries | Holds::Statements),
            "set" | "reset" => self.holds != Holds::Values,
            _ => false,
        };
        if may_hold {
            return Ok(false);
        }
        let is_as = verb == "with" && lexer.peek_at(2)?.is_some_and(|token| token.is_word("as"));
        let Some(behind) = lexer.peek_at(1)? else {
            return Ok(matches!(verb, "rollback" | "abort"));
        };
        let is_one_of = |words: &[&str]| words.iter().any(|word| behind.is_word(word));
        let is_name = matches!(behind, Token::Word(_) | Token::Name(_)) && !is_one_of(&NO_NAMES);
        Ok(match verb {
            "delete" => is_one_of(&["from"]),
            "merge" | "replace" => is_one_of(&["into"]),
            "alter" => is_one_of(&["table", "sequence"]),
            "drop" => is_one_of(&["table", "schema"]),
            "do" => matches!(behind, Token::Text(_)),
            "with" => is_as,
            "rollback" | "abort" => true,
            "select" => !is_one_of(&NO_NAMES) && !behind.is_sign(b','),
            _ => is_name,
        })
    }

    /// Whether the next token begins rows that cannot stand within brackets of this statement.
    fn holds_no_rows<R: Read>(&self, lexer: &mut Lexer<R>) -> Result<bool, Fault> {
        match verb(lexer)? {
            Some("insert") if self.holds != Holds::Statements => {
                Ok(lexer.peek_at(1)?.is_some_and(|token| token.is_word("into")))
            }
            // A column may be called so; its type is no table of ours.
            Some("copy") => {
                let mut name = Vec::new();
                for place in 1..=3 {
                    name.extend(lexer.peek_at(place)?.cloned());
                }
                Ok(Qualified::take(&name).is_some_and(|(name, _)| tables::known(&name.name).is_some()))
            }
            _ => Ok(false),
        }
    }
}

/// The word that comes next, if statements begin with it.
fn verb<R: Read>(lexer: &mut Lexer<R>) -> Result<Option<&'static str>, Fault> {
    Ok(match lexer.peek()? {
        Some(Token::Word(word)) => VERBS.into_iter().find(|verb| verb == word),
        _ => None,
    })
}

/// Passes over everything up to the end of a statement. A function's body may be of statements with ends of their own,
/// between `BEGIN ATOMIC` and `END`.
///
/// # Errors
/// If the end cannot be told.
pub(super) fn skip_statement<R: Read>(lexer: &mut Lexer<R>, holds: Holds) -> Result<(), Fault> {
    let mut statement = Statement::new(holds, lexer);
    let mut follows_begin = false;
    while let Some(token) = statement.next(lexer)? {
        if follows_begin && token.is_word("atomic") {
            skip_body(lexer)?;
        }
        follows_begin = token.is_word("begin");
    }
    Ok(())
}

fn skip_body<R: Read>(lexer: &mut Lexer<R>) -> Result<(), Fault> {
    let began = lexer.line();
    let mut depth = 1_u32;
    while depth > 0 {
        match lexer.next()? {
            Some(Token::Word(word)) if word == "case" => depth += 1,
            Some(Token::Word(word)) if word == "end" => depth -= 1,
            Some(_) => {}
            None => return Err(Fault::at(began, "a function's body does not end")),
        }
    }
    Ok(())
}
