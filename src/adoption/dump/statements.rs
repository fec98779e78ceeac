//! The statements of a dump, one after the other: what each says of a table of ours, or that it says nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use tokio::sync::mpsc;

use super::{
    Ending, Event, Position, Rows,
    bytes::Fault,
    definitions,
    lexer::{Lexer, Token},
    names::{self, Qualified},
    values::{begins_statement, next_row, said},
};
use crate::adoption::tables::{Fallback, Table};

/// How many tokens of a definition are kept at once.
const LONGEST_DEFINITION: usize = 100_000;
/// How much of a statement is told.
const TOLD: usize = 12;
/// A batch of rows ends at so many bytes or rows.
const BATCH_BYTES: usize = 1024 * 1024;
const BATCH_ROWS: usize = 10_000;
/// Encodings whose characters may contain a byte that looks like a quote or a backslash.
const NOT_READABLE: [&str; 9] = [
    "sjis",
    "big5",
    "gbk",
    "uhc",
    "gb18030",
    "johab",
    "shift_jis_2004",
    "shiftjis",
    "mskanji",
];
/// What is said of a row whose table is not known.
const NO_DEFINITION: &str = "come before the CREATE TABLE that says what their columns are; \
     make the dump with structure and data";

/// Reads statements until the dump ends.
pub(super) struct Reader<R> {
    lexer: Lexer<R>,
    events: mpsc::Sender<Event>,
    tables: BTreeMap<&'static str, Table>,
    /// Whether a name without a schema means one of ours.
    unqualified_is_ours: bool,
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
                    if command != r"\." {
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
            "update" | "delete" | "truncate" | "merge" | "drop" => self.change(word),
            _ => {
                self.count(&word.to_uppercase());
                self.lexer.skip_statement()
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
            let tokens = self.definition()?;
            self.sequence(&tokens);
            return Ok(());
        }
        if kind != "table" || is_temporary {
            self.count(format!("CREATE {}", kind.to_uppercase()).trim_end());
            return self.lexer.skip_statement();
        }
        let is_repeatable = self.if_not_exists()?;
        let name = Qualified::read(&mut self.lexer)?;
        let Some(table) = name.and_then(|name| name.table(self.unqualified_is_ours)) else {
            self.count("CREATE TABLE of others");
            return self.skip_definition();
        };
        let tokens = self.definition()?;
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
        let defined = Table { name: table, columns };
        for column in &defined.columns {
            self.note_sequence(table, &column.name, column.default.as_ref());
        }
        self.tables.insert(table, defined.clone());
        self.send(Event::Table(defined, line))
    }

    fn if_not_exists(&mut self) -> Result<bool, Fault> {
        if !self.lexer.skip_word("if")? {
            return Ok(false);
        }
        self.lexer.skip_word("not")?;
        self.lexer.skip_word("exists")?;
        Ok(true)
    }

    /// The tokens up to the end of a definition: a semicolon, or the beginning of another statement behind its brackets.
    fn definition(&mut self) -> Result<Vec<Token>, Fault> {
        let mut tokens = Vec::new();
        let mut depth = 0_usize;
        let mut had_brackets = false;
        loop {
            let ends = |token: &Token| match token {
                Token::Sign(b';') | Token::Command(_) => depth == 0,
                Token::Word(word) => depth == 0 && had_brackets && begins_statement(word) && word != "set",
                _ => false,
            };
            let Some(token) = self.lexer.next_unless(ends)? else {
                self.lexer.skip_sign(b';')?;
                return Ok(tokens);
            };
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => {
                    depth = depth.saturating_sub(1);
                    had_brackets = true;
                }
                _ => {}
            }
            if tokens.len() >= LONGEST_DEFINITION {
                return Err(self.lexer.fault("a definition does not end"));
            }
            tokens.push(token);
        }
    }

    fn skip_definition(&mut self) -> Result<(), Fault> {
        self.definition().map(drop)
    }

    fn alter(&mut self) -> Result<(), Fault> {
        let line = self.lexer.line();
        if self.lexer.skip_word("sequence")? {
            let tokens = self.statement_rest()?;
            self.sequence(&tokens);
            return Ok(());
        }
        if !self.lexer.skip_word("table")? {
            self.count("ALTER");
            return self.lexer.skip_statement();
        }
        self.lexer.skip_word("only")?;
        if self.lexer.skip_word("if")? {
            self.lexer.skip_word("exists")?;
            self.lexer.skip_word("only")?;
        }
        let name = Qualified::read(&mut self.lexer)?;
        let Some(table) = name.and_then(|name| name.table(self.unqualified_is_ours)) else {
            self.count("ALTER TABLE of others");
            return self.lexer.skip_statement();
        };
        let tokens = self.statement_rest()?;
        for action in definitions::split(&tokens, b',') {
            if !self.alteration(table, action, line)? {
                self.left_out(line, table, &format!("ALTER TABLE {table} {}", told(action)))?;
            }
        }
        Ok(())
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
                let Some(column) = definitions::column(rest) else {
                    return Ok(false);
                };
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
        let is_known = self
            .tables
            .get(table)
            .is_some_and(|defined| defined.columns.iter().any(|known| known.name == column));
        match words.as_slice() {
            ["set", "statistics" | "storage" | "compression", ..] | ["drop", "default", ..] => Ok(true),
            _ if !is_known => Ok(false),
            ["set", "not", "null"] => {
                self.send(Event::NotNull(table, column, line))?;
                Ok(true)
            }
            ["set", "default", ..] => {
                let default = definitions::default(change.get(2..).unwrap_or_default());
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

    /// The rest of a short statement, without its end.
    fn statement_rest(&mut self) -> Result<Vec<Token>, Fault> {
        let mut tokens = Vec::new();
        while let Some(token) = self.lexer.next()? {
            if token.is_sign(b';') {
                break;
            }
            if tokens.len() >= LONGEST_DEFINITION {
                return Err(self.lexer.fault("a statement does not end"));
            }
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn note_sequence(&mut self, table: &'static str, column: &str, default: Option<&Fallback>) {
        if let Some(Fallback::Sequence(name)) = default {
            let name = name.clone().unwrap_or_else(|| format!("{table}_{column}_seq"));
            self.owners.insert(name, (table, column.to_owned()));
        }
    }

    /// `x OWNED BY t.c`, `x START WITH 5`, `x RESTART WITH 5`.
    fn sequence(&mut self, tokens: &[Token]) {
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
                    let table = owner.schema.as_deref().and_then(crate::adoption::tables::known);
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

    /// `SELECT setval('x', 5, true), …`; any other query is passed over.
    fn select(&mut self) -> Result<(), Fault> {
        let tokens = self.statement_rest()?;
        for call in definitions::split(&tokens, b',') {
            let Some((function, arguments)) = Qualified::take(call) else {
                self.count("SELECT");
                continue;
            };
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

    /// Settings that say how the rest is to be read.
    fn set(&mut self) -> Result<(), Fault> {
        let tokens = self.statement_rest()?;
        let tokens = match tokens.as_slice() {
            [Token::Word(scope), rest @ ..] if scope == "session" || scope == "local" => rest,
            all => all,
        };
        let [Token::Word(name), _, values @ ..] = tokens else {
            return Ok(());
        };
        let first = values.first().map(|value| match value {
            Token::Word(word) | Token::Name(word) | Token::Number(word) => word.clone(),
            Token::Text(text) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        });
        let first = first.unwrap_or_default();
        match name.as_str() {
            "search_path" => {
                self.unqualified_is_ours = first.eq_ignore_ascii_case("Finances");
            }
            "standard_conforming_strings" => {
                self.lexer.has_standard_texts =
                    !matches!(first.to_ascii_lowercase().as_str(), "off" | "false" | "0" | "no");
            }
            "client_encoding" => {
                let encoding = first.to_ascii_lowercase().replace('-', "_");
                let is_name = encoding
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if !is_name || NOT_READABLE.contains(&encoding.as_str()) {
                    return Err(self
                        .lexer
                        .fault("the dump's encoding cannot be read; make it with --encoding=UTF8"));
                }
                self.encoding =
                    (!matches!(encoding.as_str(), "utf8" | "utf_8" | "unicode" | "")).then_some(encoding);
            }
            _ => {}
        }
        Ok(())
    }

    /// A statement that changes what is there: none is executed, those about our tables are told.
    fn change(&mut self, word: &str) -> Result<(), Fault> {
        let line = self.lexer.line();
        let tokens = self.statement_rest()?;
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

    fn insert(&mut self) -> Result<(), Fault> {
        let line = self.lexer.line();
        self.lexer.skip_word("into")?;
        let name = Qualified::read(&mut self.lexer)?;
        let Some(table) = name.and_then(|name| name.table(self.unqualified_is_ours)) else {
            self.count("INSERT of others");
            return self.skip_rows();
        };
        if self.lexer.skip_word("as")? {
            self.lexer.next()?;
        }
        let listed = self.column_list()?;
        if self.lexer.skip_word("overriding")? {
            self.lexer.next()?;
            self.lexer.skip_word("value")?;
        }
        if !self.lexer.skip_word("values")? && !self.lexer.skip_word("value")? {
            let rest = self.statement_rest()?;
            return self.left_out(line, table, &format!("INSERT INTO {table} {}", told(&rest)));
        }
        let columns = self.columns_of(table, listed)?;
        let mut rows = self.batch(table, &columns);
        while let Some(line) = next_row(&mut self.lexer, columns.len(), &mut rows.data)? {
            self.finish_row(&mut rows, line)?;
        }
        self.send_rows(rows)
    }

    /// Passes over an `INSERT` into a table of others, which may lack its end as well.
    fn skip_rows(&mut self) -> Result<(), Fault> {
        let mut depth = 0_usize;
        let mut had_row = false;
        loop {
            let ends = |token: &Token| match token {
                Token::Sign(b';') => depth == 0,
                Token::Word(word) => depth == 0 && had_row && begins_statement(word),
                _ => false,
            };
            match self.lexer.next_unless(ends)? {
                Some(Token::Sign(b'(')) => depth += 1,
                Some(Token::Sign(b')')) => {
                    depth = depth.saturating_sub(1);
                    had_row = true;
                }
                // What follows a conflict may be a statement's word, and is none.
                Some(Token::Word(word)) if word == "conflict" => return self.lexer.skip_statement(),
                Some(Token::Word(word)) if word == "values" => had_row = false,
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }

    fn copy(&mut self) -> Result<(), Fault> {
        let line = self.lexer.line();
        let name = Qualified::read(&mut self.lexer)?;
        let table = name.and_then(|name| name.table(self.unqualified_is_ours));
        let listed = match table {
            Some(_) => self.column_list()?,
            None => None,
        };
        let rest = self.statement_rest()?;
        let reads_rows = rest
            .windows(2)
            .any(|pair| matches!(pair, [one, two] if one.is_word("from") && two.is_word("stdin")));
        let Some(table) = table else {
            self.count("COPY of others");
            return if reads_rows { self.skip_lines() } else { Ok(()) };
        };
        if !reads_rows {
            return self.left_out(line, table, &format!("COPY {table} {}", told(&rest)));
        }
        if rest.len() > 2 {
            return Err(self
                .lexer
                .fault("COPY in another format than pg_dump's own cannot be read"));
        }
        let columns = self.columns_of(table, listed)?;
        let mut rows = self.batch(table, &columns);
        self.lexer.row()?;
        loop {
            let Some((line, row)) = self.lexer.row()? else {
                return Err(self
                    .lexer
                    .fault(format!("the rows of {table} do not end; the dump is cut short")));
            };
            if row == br"\." {
                break;
            }
            rows.data.extend_from_slice(&row);
            self.finish_row(&mut rows, line)?;
        }
        self.send_rows(rows)
    }

    fn skip_lines(&mut self) -> Result<(), Fault> {
        self.lexer.row()?;
        while let Some((_, row)) = self.lexer.row()? {
            if row == br"\." {
                break;
            }
        }
        Ok(())
    }

    /// `(a, b, c)`, if it is there.
    fn column_list(&mut self) -> Result<Option<Vec<String>>, Fault> {
        if !self.lexer.skip_sign(b'(')? {
            return Ok(None);
        }
        let mut columns = Vec::new();
        loop {
            match self.lexer.next()? {
                Some(Token::Word(name) | Token::Name(name)) => columns.push(name),
                Some(Token::Sign(b',')) => {}
                Some(Token::Sign(b')')) => return Ok(Some(columns)),
                _ => return Err(self.lexer.fault("the list of columns cannot be read")),
            }
        }
    }

    /// The columns that rows are for, which the table must have.
    fn columns_of(&self, table: &'static str, listed: Option<Vec<String>>) -> Result<Vec<String>, Fault> {
        let Some(defined) = self.tables.get(table) else {
            return Err(self.lexer.fault(format!("rows of {table} {NO_DEFINITION}")));
        };
        let known = || defined.columns.iter().map(|column| column.name.clone());
        let Some(listed) = listed else {
            return Ok(known().collect());
        };
        if let Some(unknown) = listed.iter().find(|name| !known().any(|known| known == **name)) {
            return Err(self.lexer.fault(format!(
                "rows of {table} have the column {unknown}, which its CREATE TABLE has not"
            )));
        }
        let distinct: BTreeSet<&String> = listed.iter().collect();
        if distinct.len() != listed.len() {
            return Err(self.lexer.fault(format!("rows of {table} name a column twice")));
        }
        Ok(listed)
    }

    fn batch(&self, table: &'static str, columns: &[String]) -> Rows {
        Rows {
            table,
            columns: columns.to_vec(),
            encoding: self.encoding.clone(),
            data: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn finish_row(&mut self, rows: &mut Rows, line: u64) -> Result<(), Fault> {
        rows.data.push(b'\n');
        rows.lines.push(line);
        if rows.data.len() >= BATCH_BYTES || rows.lines.len() >= BATCH_ROWS {
            let next = self.batch(rows.table, &rows.columns);
            return self.send_rows(std::mem::replace(rows, next));
        }
        Ok(())
    }

    fn send_rows(&mut self, rows: Rows) -> Result<(), Fault> {
        if rows.lines.is_empty() {
            return Ok(());
        }
        self.send(Event::Rows(rows))
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
                let table = crate::adoption::tables::known(sequence.strip_suffix("_id_seq")?)?;
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
