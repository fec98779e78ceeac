//! What a dump says of tables that it has defined, and of the sequences of their ids.

use std::io::Read;

use super::{
    super::{
        Event,
        bytes::Fault,
        definitions,
        ends::Holds,
        lexer::Token,
        names::{self, Qualified},
    },
    Reader, told,
};
use crate::adoption::tables::{self, Fallback};

impl<R: Read> Reader<R> {
    pub(super) fn alter(&mut self) -> Result<(), Fault> {
        let line = self.lexer.line();
        if self.lexer.skip_word("sequence")? {
            let tokens = self.statement_rest(Holds::Actions)?;
            self.sequence(&tokens);
            return Ok(());
        }
        if !self.lexer.skip_word("table")? {
            let is_of_schema = self.lexer.skip_word("schema")?;
            self.count("ALTER");
            let tokens = self.statement_rest(Holds::Actions)?;
            let is_ours = |token: &Token| match token {
                Token::Word(name) | Token::Name(name) => name.eq_ignore_ascii_case("Finances"),
                _ => false,
            };
            if is_of_schema
                && tokens.iter().any(|token| token.is_word("rename"))
                && tokens.iter().any(is_ours)
            {
                return Err(self
                    .lexer
                    .fault("a schema gets another name, and nothing in a dump is executed"));
            }
            return Ok(());
        }
        self.lexer.skip_word("only")?;
        if self.lexer.skip_word("if")? {
            self.lexer.skip_word("exists")?;
            self.lexer.skip_word("only")?;
        }
        let name = Qualified::read(&mut self.lexer)?;
        let Some(table) = name
            .as_ref()
            .and_then(|name| name.table(self.unqualified_is_ours))
        else {
            self.count("ALTER TABLE of others");
            let tokens = self.statement_rest(Holds::Actions)?;
            return self.ensure_becomes_none_of_ours(name.as_ref(), &tokens);
        };
        let tokens = self.statement_rest(Holds::Actions)?;
        for action in definitions::split(&tokens, b',') {
            if !self.alteration(table, action, line)? {
                self.left_out(line, table, &format!("ALTER TABLE {table} {}", told(action)))?;
            }
        }
        Ok(())
    }

    /// Refuses what makes a table of others one of ours, or a part of one: its rows were passed over.
    fn ensure_becomes_none_of_ours(&self, name: Option<&Qualified>, tokens: &[Token]) -> Result<(), Fault> {
        let new_name = match tokens {
            [rename, to, rest @ ..] if rename.is_word("rename") && to.is_word("to") => {
                names::name(rest).map(|(name, _)| name)
            }
            [set, schema, rest @ ..] if set.is_word("set") && schema.is_word("schema") => names::name(rest)
                .filter(|(schema, _)| schema.eq_ignore_ascii_case("Finances"))
                .and(name.map(|name| name.name.clone())),
            [inherit, rest @ ..] if inherit.is_word("inherit") => Qualified::take(rest)
                .and_then(|(parent, _)| parent.table(self.unqualified_is_ours))
                .map(str::to_owned),
            _ => None,
        };
        match new_name.as_deref().and_then(tables::known) {
            Some(table) => Err(self.lexer.fault(format!(
                "another table becomes {table}, or a part of it, and nothing in a dump is executed"
            ))),
            None => Ok(()),
        }
    }

    /// One action of `ALTER TABLE`; whether it was understood, or does not matter.
    fn alteration(&mut self, table: &'static str, action: &[Token], line: u64) -> Result<bool, Fault> {
        let (Some(Token::Word(verb)), rest) = (action.first(), action.get(1..).unwrap_or_default()) else {
            return Ok(false);
        };
        let rest = match rest {
            [first, rest @ ..] if first.is_word("column") => rest,
            _ => rest,
        };
        match verb.as_str() {
            // Keys, checks, owners and the like are made anew as they should be.
            "owner" | "enable" | "disable" | "replica" | "cluster" | "set" | "force" | "no" => Ok(true),
            "add" => {
                if let Some(Token::Word(word)) = rest.first()
                    && matches!(
                        word.as_str(),
                        "constraint" | "primary" | "unique" | "check" | "foreign" | "exclude"
                    )
                {
                    return Ok(true);
                }
                let rest = match rest {
                    [first, _, _, rest @ ..] if first.is_word("if") => rest,
                    _ => rest,
                };
                let Some(definition) = definitions::column(rest) else {
                    return Ok(false);
                };
                self.tell_unknown_default(table, &definition, line)?;
                let column = definition.column;
                let Some(defined) = self.tables.get_mut(table) else {
                    return Ok(false);
                };
                if defined.columns.iter().any(|known| known.name == column.name) {
                    return Ok(true);
                }
                defined.columns.push(column.clone());
                self.note_sequence(table, &column.name, column.default.as_ref());
                self.send(Event::Column(table, column, line))?;
                Ok(true)
            }
            "attach" => Err(self.lexer.fault(format!(
                "a part of {table}, whose rows would stand elsewhere; make the dump of one table for each"
            ))),
            "alter" => {
                let Some((column, rest)) = names::name(rest) else {
                    return Ok(false);
                };
                self.column_change(table, column, rest, line)
            }
            _ => Ok(false),
        }
    }

    fn column_change(
        &mut self,
        table: &'static str,
        column: String,
        change: &[Token],
        line: u64,
    ) -> Result<bool, Fault> {
        let words: Vec<&str> = change
            .iter()
            .take(3)
            .map(|token| match token {
                Token::Word(word) => word.as_str(),
                _ => "",
            })
            .collect();
        let known = self
            .tables
            .get(table)
            .and_then(|defined| defined.columns.iter().find(|known| known.name == column));
        match words.as_slice() {
            ["set", "statistics" | "storage" | "compression", ..] | ["drop", "default", ..] => Ok(true),
            _ if known.is_none() => Ok(false),
            ["set", "not", "null"] => {
                self.send(Event::NotNull(table, column, line))?;
                Ok(true)
            }
            ["set", "default", ..] => {
                let expression = change.get(2..).unwrap_or_default();
                let default = known.and_then(|known| definitions::default_for(&known.kind, expression));
                self.note_sequence(table, &column, default.as_ref());
                let is_understood = default.is_some();
                if let Some(default) = default {
                    self.send(Event::Default(table, column, default, line))?;
                }
                Ok(is_understood)
            }
            ["add", "generated", ..] => {
                let sequence = change
                    .windows(2)
                    .position(
                        |pair| matches!(pair, [one, two] if one.is_word("sequence") && two.is_word("name")),
                    )
                    .and_then(|place| Qualified::take(change.get(place + 2..)?))
                    .map(|(name, _)| name.name);
                self.note_sequence(table, &column, Some(&Fallback::Sequence(sequence)));
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn note_sequence(&mut self, table: &'static str, column: &str, default: Option<&Fallback>) {
        if let Some(Fallback::Sequence(name)) = default {
            let name = name.clone().unwrap_or_else(|| format!("{table}_{column}_seq"));
            self.owners.insert(name, (table, column.to_owned()));
        }
    }

    /// `x OWNED BY t.c`, `x START WITH 5`, `x RESTART WITH 5`.
    pub(super) fn sequence(&mut self, tokens: &[Token]) {
        let tokens = match tokens {
            [first, _, rest @ ..] if first.is_word("if") => match rest {
                [third, rest @ ..] if third.is_word("exists") => rest,
                _ => rest,
            },
            _ => tokens,
        };
        let Some((sequence, rest)) = Qualified::take(tokens) else {
            return;
        };
        if !sequence.is_ours(self.unqualified_is_ours) {
            return;
        }
        for (place, token) in rest.iter().enumerate() {
            let Token::Word(word) = token else { continue };
            let behind = rest.get(place + 1..).unwrap_or_default();
            match word.as_str() {
                "owned" => {
                    let owner = behind.get(1..).and_then(Qualified::take);
                    let Some((owner, _)) = owner else { continue };
                    // The last part is the column; what stands before it is the table.
                    let table = owner.schema.as_deref().and_then(tables::known);
                    if let Some(table) = table {
                        self.owners.insert(sequence.name.clone(), (table, owner.name));
                    }
                }
                "start" | "restart" => {
                    let number = behind.iter().find_map(|token| match token {
                        Token::Number(number) => number.parse().ok(),
                        _ => None,
                    });
                    if let Some(number) = number {
                        self.positions.insert(sequence.name.clone(), (number, false));
                    }
                }
                _ => {}
            }
        }
    }

    /// `SELECT setval('x', 5, true), …` and `set_config`; any other query is passed over, and told if it makes a table of ours.
    pub(super) fn select(&mut self) -> Result<(), Fault> {
        let line = self.lexer.line();
        let tokens = self.statement_rest(Holds::Values)?;
        let target = tokens
            .iter()
            .position(|token| token.is_word("into"))
            .and_then(|place| Qualified::take(tokens.get(place + 1..)?))
            .and_then(|(name, _)| name.table(self.unqualified_is_ours));
        if let Some(table) = target {
            return self.left_out(line, table, &format!("SELECT {}", told(&tokens)));
        }
        for call in definitions::split(&tokens, b',') {
            let Some((function, arguments)) = Qualified::take(call) else {
                self.count("SELECT");
                continue;
            };
            if let (
                "set_config",
                [
                    Token::Sign(b'('),
                    Token::Text(name),
                    Token::Sign(b','),
                    Token::Text(value),
                    ..,
                ],
            ) = (function.name.as_str(), arguments)
            {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                self.setting(&name, &[String::from_utf8_lossy(value).into_owned()])?;
                self.count("SELECT");
                continue;
            }
            let (
                "setval",
                [
                    Token::Sign(b'('),
                    Token::Text(name),
                    Token::Sign(b','),
                    Token::Number(number),
                    rest @ ..,
                ],
            ) = (function.name.as_str(), arguments)
            else {
                self.count("SELECT");
                continue;
            };
            let name = Qualified::parse(name).filter(|name| name.is_ours(self.unqualified_is_ours));
            if let (Some(name), Ok(number)) = (name, number.parse()) {
                let is_called = !rest.iter().any(|token| token.is_word("false"));
                self.positions.insert(name.name, (number, is_called));
            }
        }
        Ok(())
    }
}
