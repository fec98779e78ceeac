//! The statements of a dump, one after the other: what each says of a table of ours, or that it says nothing.

mod alterations;
mod rows;

use std::{collections::BTreeMap, io::Read};

use tokio::sync::mpsc;

use super::{
    Ending, Event, Position,
    bytes::{Bytes, Fault},
    definitions,
    ends::{Holds, Statement, skip_statement},
    lexer::{Lexer, Token},
    names::Qualified,
    values::{begins_statement, said},
};
use crate::adoption::tables::{self, Table};

/// How many tokens of a definition are kept at once.
const LONGEST_DEFINITION: usize = 100_000;
/// How much of a statement is told.
const TOLD: usize = 12;
/// Encodings whose characters may contain a byte that looks like a quote or a backslash.
const NOT_READABLE: [&str; 17] = [
    "sjis",
    "shiftjis",
    "mskanji",
    "win932",
    "windows932",
    "shiftjis2004",
    "big5",
    "win950",
    "windows950",
    "gbk",
    "win936",
    "windows936",
    "gb18030",
    "johab",
    "uhc",
    "win949",
    "windows949",
];
/// The words of statements that change rows.
const CHANGES: [&str; 5] = ["insert", "update", "delete", "copy", "merge"];
/// Commands of psql that read another file.
const BRINGS_ROWS: [&str; 2] = [r"\copy", r"\i"];

/// Reads statements until the dump ends.
pub(super) struct Reader<R> {
    lexer: Lexer<R>,
    events: mpsc::Sender<Event>,
    tables: BTreeMap<&'static str, Table>,
    /// Whether a name without a schema means one of ours.
    unqualified_is_ours: bool,
    /// Whether it may, too: our schema is one of several, or the usual ones hold again.
    unqualified_is_unclear: bool,
    encoding: Option<String>,
    /// Positions by the sequence's name.
    positions: BTreeMap<String, Position>,
    /// Who owns a sequence.
    owners: BTreeMap<String, (&'static str, String)>,
    passed_over: BTreeMap<String, u64>,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(lexer: Lexer<R>, events: mpsc::Sender<Event>) -> Self {
        Self {
            lexer,
            events,
            tables: BTreeMap::new(),
            unqualified_is_ours: true,
            unqualified_is_unclear: false,
            encoding: None,
            positions: BTreeMap::new(),
            owners: BTreeMap::new(),
            passed_over: BTreeMap::new(),
        }
    }

    pub(super) fn read(mut self) -> Result<Ending, Fault> {
        while let Some(token) = self.lexer.next()? {
            match token {
                Token::Sign(b';') => {}
                Token::Command(command) => {
                    // The end of rows that were passed over, or something for psql, which this is not.
                    if BRINGS_ROWS.iter().any(|name| command.starts_with(name)) {
                        return Err(self.lexer.fault(format!(
                            "{} takes rows from elsewhere, which are not in the dump",
                            command.split(' ').next().unwrap_or_default()
                        )));
                    }
                    if let Some(encoding) = command.strip_prefix(r"\encoding ") {
                        self.setting("client_encoding", &[encoding.trim().to_owned()])?;
                    } else if command != r"\." {
                        self.count("psql command");
                    }
                }
                Token::Word(word) => self.statement(&word)?,
                other => {
                    return Err(self
                        .lexer
                        .fault(format!("{} where a statement should begin", said(&other))));
                }
            }
        }
        if self.lexer.unfinished > 0 {
            return Err(self
                .lexer
                .fault("the last line of pg_dump is missing; the dump is cut short"));
        }
        Ok(self.ending())
    }

    fn statement(&mut self, word: &str) -> Result<(), Fault> {
        match word {
            "create" => self.create(),
            "alter" => self.alter(),
            "insert" => self.insert(),
            "copy" => self.copy(),
            "select" => self.select(),
            "set" => self.set(),
            "reset" | "discard" => self.reset(word),
            "rollback" | "abort" => Err(self.lexer.fault(format!(
                "{} takes rows back, and nothing in a dump is executed",
                word.to_uppercase()
            ))),
            "replace" => Err(self
                .lexer
                .fault("REPLACE is no SQL of PostgreSQL; its rows cannot be placed")),
            "do" | "with" | "prepare" => self.change_by_code(word),
            "update" | "delete" | "truncate" | "merge" | "drop" => self.change(word),
            _ => {
                self.count(&word.to_uppercase());
                skip_statement(&mut self.lexer, Holds::Values)
            }
        }
    }

    fn create(&mut self) -> Result<(), Fault> {
        let line = self.lexer.line();
        let mut kind = String::new();
        let mut is_temporary = false;
        while let Some(Token::Word(word)) = self.lexer.peek()? {
            match word.as_str() {
                "temp" | "temporary" => is_temporary = true,
                "unlogged" | "global" | "local" | "or" | "replace" | "unique" => {}
                word => {
                    word.clone_into(&mut kind);
                    self.lexer.next()?;
                    break;
                }
            }
            self.lexer.next()?;
        }
        if kind == "sequence" {
            let tokens = self.definition(Holds::Values)?;
            self.sequence(&tokens);
            return Ok(());
        }
        if kind != "table" || is_temporary {
            self.count(format!("CREATE {}", kind.to_uppercase()).trim_end());
            let holds = match kind.as_str() {
                "rule" => Holds::Statements,
                "database" | "domain" | "extension" | "index" | "role" | "schema" | "type" | "user" => {
                    Holds::Values
                }
                _ => Holds::Queries,
            };
            return skip_statement(&mut self.lexer, holds);
        }
        let is_repeatable = self.if_not_exists()?;
        let name = Qualified::read(&mut self.lexer)?;
        if let Some(name) = &name {
            self.ensure_schema_is_clear(name)?;
        }
        let Some(table) = name.and_then(|name| name.table(self.unqualified_is_ours)) else {
            self.count("CREATE TABLE of others");
            let tokens = self.definition(Holds::Queries)?;
            return self.ensure_no_part_of_ours(&tokens);
        };
        let tokens = self.definition(Holds::Queries)?;
        if self.tables.contains_key(table) {
            if is_repeatable {
                return Ok(());
            }
            return Err(self.lexer.fault(format!(
                "a second CREATE TABLE of {table} on line {line}; the dump must hold one database"
            )));
        }
        let columns = match tokens.as_slice() {
            [Token::Sign(b'('), elements @ ..] => {
                let end = elements.len() - brackets_end(elements);
                definitions::columns(elements.get(..elements.len() - end).unwrap_or_default())
            }
            _ => None,
        };
        let Some(columns) = columns.filter(|columns| !columns.is_empty()) else {
            return self.left_out(line, table, &format!("CREATE TABLE {table} {}", told(&tokens)));
        };
        for defined in &columns {
            self.tell_unknown_default(table, defined, line)?;
        }
        let columns = columns.into_iter().map(|defined| defined.column).collect();
        let defined = Table { name: table, columns };
        for column in &defined.columns {
            self.note_sequence(table, &column.name, column.default.as_ref());
        }
        self.tables.insert(table, defined.clone());
        self.send(Event::Table(defined, line))
    }

    /// Tells of a default that is computed in a way that is not followed; of a column that is computed itself, nothing would
    /// come at all.
    fn tell_unknown_default(
        &mut self,
        table: &'static str,
        defined: &definitions::Defined,
        line: u64,
    ) -> Result<(), Fault> {
        let Some(unknown) = &defined.unknown_default else {
            return Ok(());
        };
        let name = &defined.column.name;
        if defined.is_computed {
            return Err(self.lexer.fault(format!(
                "the column {name} of {table} is computed by the old database and not in the dump; \
                 make it a plain one first (ALTER TABLE … ALTER COLUMN {name} DROP EXPRESSION)"
            )));
        }
        let statement = format!("{table}.{name} DEFAULT {}", told(unknown));
        self.left_out(line, table, &statement)
    }

    fn if_not_exists(&mut self) -> Result<bool, Fault> {
        if !self.lexer.skip_word("if")? {
            return Ok(false);
        }
        self.lexer.skip_word("not")?;
        self.lexer.skip_word("exists")?;
        Ok(true)
    }

    /// The tokens up to the end of a definition: as of any statement, or where another one begins behind its brackets.
    fn definition(&mut self, holds: Holds) -> Result<Vec<Token>, Fault> {
        let mut tokens = Vec::new();
        let mut statement = Statement::new(holds, &self.lexer);
        let mut had_brackets = false;
        loop {
            if had_brackets && statement.is_flat() {
                let begins_line = self.lexer.begins_line()?;
                // A character set is none.
                let ends = |word: &str| begins_statement(word) && (begins_line || word != "set");
                if matches!(self.lexer.peek()?, Some(Token::Word(word)) if ends(word)) {
                    return Ok(tokens);
                }
            }
            let Some(token) = statement.next(&mut self.lexer)? else {
                return Ok(tokens);
            };
            had_brackets |= token.is_sign(b')');
            if tokens.len() >= LONGEST_DEFINITION {
                return Err(self.lexer.fault("a definition does not end"));
            }
            tokens.push(token);
        }
    }

    /// Refuses a table that holds rows of one of ours: a partition of it, or one that inherits from it.
    fn ensure_no_part_of_ours(&self, tokens: &[Token]) -> Result<(), Fault> {
        let parents = tokens.iter().enumerate().filter_map(|(place, token)| {
            let skipped = match token {
                Token::Word(word) if word == "partition" => 2,
                Token::Word(word) if word == "inherits" => 2,
                _ => return None,
            };
            let (name, _) = Qualified::take(tokens.get(place + skipped..)?)?;
            name.table(self.unqualified_is_ours)
        });
        match parents.take(1).next() {
            Some(table) => Err(self.lexer.fault(format!(
                "a part of {table}, whose rows would stand elsewhere; make the dump of one table for each"
            ))),
            None => Ok(()),
        }
    }

    /// A statement that changes rows by a program of its own, or as a part of a query: it is not executed, and told if it names
    /// a table of ours.
    fn change_by_code(&mut self, word: &str) -> Result<(), Fault> {
        let line = self.lexer.line();
        let holds = match word {
            "do" => Holds::Values,
            _ => Holds::Statements,
        };
        let mut tokens = self.statement_rest(holds)?;
        let texts: Vec<Vec<u8>> = tokens
            .iter()
            .filter_map(|token| match token {
                Token::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        for text in texts {
            let mut lexer = Lexer::new(Bytes::new(text.as_slice()));
            // What is no SQL names no table.
            while let Ok(Some(token)) = lexer.next() {
                tokens.push(token);
            }
        }
        let changes = |token: &Token| CHANGES.iter().any(|change| token.is_word(change));
        let table = (0..tokens.len()).find_map(|place| {
            let (name, _) = Qualified::take(tokens.get(place..)?)?;
            name.table(self.unqualified_is_ours)
        });
        let word = word.to_uppercase();
        if let Some(table) = table.filter(|_| tokens.iter().any(changes)) {
            return self.left_out(line, table, &format!("{word} {}", told(&tokens)));
        }
        self.count(&word);
        Ok(())
    }

    /// The rest of a short statement, without its end.
    fn statement_rest(&mut self, holds: Holds) -> Result<Vec<Token>, Fault> {
        let mut tokens = Vec::new();
        let mut statement = Statement::new(holds, &self.lexer);
        while let Some(token) = statement.next(&mut self.lexer)? {
            if tokens.len() >= LONGEST_DEFINITION {
                return Err(self.lexer.fault("a statement does not end"));
            }
            tokens.push(token);
        }
        Ok(tokens)
    }

    /// Settings that say how the rest is to be read.
    fn set(&mut self) -> Result<(), Fault> {
        let tokens = self.statement_rest(Holds::Values)?;
        let tokens = match tokens.as_slice() {
            [Token::Word(scope), rest @ ..] if scope == "session" || scope == "local" => rest,
            all => all,
        };
        let values = |tokens: &[Token]| -> Vec<String> {
            tokens
                .iter()
                .filter_map(|token| match token {
                    Token::Word(word) | Token::Name(word) | Token::Number(word) => Some(word.clone()),
                    Token::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                    _ => None,
                })
                .collect()
        };
        match tokens {
            [Token::Word(name), rest @ ..] if name == "schema" => self.setting("search_path", &values(rest)),
            [Token::Word(name), rest @ ..] if name == "names" => {
                self.setting("client_encoding", &values(rest))
            }
            [Token::Word(time), Token::Word(zone), rest @ ..] if time == "time" && zone == "zone" => {
                self.setting("timezone", &values(rest))
            }
            [Token::Word(name), _, rest @ ..] => self.setting(name, &values(rest)),
            _ => Ok(()),
        }
    }

    fn reset(&mut self, word: &str) -> Result<(), Fault> {
        let tokens = self.statement_rest(Holds::Values)?;
        for name in ["search_path", "standard_conforming_strings", "client_encoding"] {
            if tokens
                .iter()
                .any(|token| token.is_word(name) || token.is_word("all"))
            {
                self.setting(name, &["default".to_owned()])?;
            }
        }
        self.count(&word.to_uppercase());
        Ok(())
    }

    /// A setting by whatever statement.
    pub(super) fn setting(&mut self, name: &str, values: &[String]) -> Result<(), Fault> {
        let first = values.first().map(String::as_str).unwrap_or_default();
        match name {
            "search_path" => {
                let schemas: Vec<&str> = values
                    .iter()
                    .flat_map(|value| value.split(','))
                    .map(|schema| schema.trim().trim_matches('"'))
                    .filter(|schema| !schema.is_empty() && *schema != "pg_catalog" && *schema != "$user")
                    .collect();
                let place = schemas
                    .iter()
                    .position(|schema| schema.eq_ignore_ascii_case("Finances"));
                self.unqualified_is_ours = place == Some(0);
                // The usual path is that of the role or the database, which may name ours.
                self.unqualified_is_unclear = place.is_some_and(|place| place > 0) || schemas == ["default"];
            }
            "standard_conforming_strings" => {
                self.lexer.has_standard_texts =
                    !matches!(first.to_ascii_lowercase().as_str(), "off" | "false" | "0" | "no");
            }
            "client_encoding" => {
                // PostgreSQL looks at letters and figures alone.
                let mut encoding = first.to_ascii_lowercase();
                encoding.retain(|character| !matches!(character, '-' | '_' | ' '));
                let is_name = encoding.bytes().all(|byte| byte.is_ascii_alphanumeric());
                if !is_name || NOT_READABLE.contains(&encoding.as_str()) {
                    return Err(self
                        .lexer
                        .fault("the dump's encoding cannot be read; make it with --encoding=UTF8"));
                }
                // What is in no encoding in particular must be UTF-8: nothing says otherwise how to read it.
                self.encoding = (!matches!(
                    encoding.as_str(),
                    "utf8" | "unicode" | "sqlascii" | "default" | ""
                ))
                .then_some(encoding);
                self.lexer.is_utf8 = self.encoding.is_none();
            }
            "timezone"
                if !matches!(
                    first.to_ascii_lowercase().as_str(),
                    "utc" | "gmt" | "" | "default"
                ) =>
            {
                return Err(self.lexer.fault(
                    "SET TimeZone says how times without an offset are meant, which is not followed; \
                     LEGACY_TIMEZONE does that",
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// Refuses a name without a schema where it may be one of ours or of another schema's.
    fn ensure_schema_is_clear(&self, name: &Qualified) -> Result<(), Fault> {
        if name.schema.is_none() && self.unqualified_is_unclear && tables::known(&name.name).is_some() {
            return Err(self.lexer.fault(format!(
                "{} may be a table of several schemas; write it with its own, or \"Finances\" first in search_path",
                name.name
            )));
        }
        Ok(())
    }

    /// A statement that changes what is there: none is executed, those about our tables are told.
    fn change(&mut self, word: &str) -> Result<(), Fault> {
        let line = self.lexer.line();
        let holds = match word {
            "drop" | "truncate" => Holds::Values,
            _ => Holds::Queries,
        };
        let tokens = self.statement_rest(holds)?;
        if word == "drop" && !self.tables.is_empty() && drops_our_schema(&tokens) {
            return Err(self.lexer.fault(
                "DROP SCHEMA takes the tables before it back, and nothing in a dump is executed; \
                 the dump must hold one database",
            ));
        }
        let table = (0..tokens.len()).find_map(|place| {
            let (name, _) = Qualified::take(tokens.get(place..)?)?;
            name.table(self.unqualified_is_ours)
        });
        match table {
            // What the dump drops before it makes it is not there.
            Some(table) if word != "drop" || self.tables.contains_key(table) => {
                self.left_out(line, table, &format!("{} {}", word.to_uppercase(), told(&tokens)))
            }
            _ => {
                self.count(&word.to_uppercase());
                Ok(())
            }
        }
    }

    fn left_out(&mut self, line: u64, table: &'static str, statement: &str) -> Result<(), Fault> {
        self.send(Event::LeftOut {
            line,
            table,
            statement: statement.to_owned(),
        })
    }

    fn send(&mut self, event: Event) -> Result<(), Fault> {
        self.events.blocking_send(event).map_err(|_| Fault::GivenUp)
    }

    fn count(&mut self, kind: &str) {
        *self.passed_over.entry(kind.to_owned()).or_default() += 1;
    }

    fn ending(self) -> Ending {
        let mut sequences = BTreeMap::new();
        for (sequence, position) in self.positions {
            let owner = self.owners.get(&sequence).cloned().or_else(|| {
                let table = tables::known(sequence.strip_suffix("_id_seq")?)?;
                Some((table, "id".to_owned()))
            });
            if let Some(owner) = owner {
                sequences.insert(owner, position);
            }
        }
        Ending {
            sequences,
            passed_over: self.passed_over,
            hash: String::new(),
        }
    }
}

/// Whether these tokens behind `DROP` name the schema of our tables.
fn drops_our_schema(tokens: &[Token]) -> bool {
    let is_ours = |token: &Token| match token {
        Token::Word(name) | Token::Name(name) => name.eq_ignore_ascii_case("Finances"),
        _ => false,
    };
    tokens.first().is_some_and(|kind| kind.is_word("schema")) && tokens.iter().any(is_ours)
}

/// Where the bracket ends that was opened before these tokens.
fn brackets_end(tokens: &[Token]) -> usize {
    let mut depth = 1_usize;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(b'(') => depth += 1,
            Token::Sign(b')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place;
        }
    }
    tokens.len()
}

/// The beginning of a statement, without the texts in it: they may be anybody's data.
fn told(tokens: &[Token]) -> String {
    let words: Vec<String> = tokens.iter().take(TOLD).map(said).collect();
    words.join(" ")
}
