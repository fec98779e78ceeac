//! The rows in a dump, of `INSERT` and of `COPY`.

use std::{collections::BTreeSet, io::Read};

use super::{
    super::{
        Event, Rows,
        bytes::Fault,
        ends::{Holds, Statement, skip_statement},
        lexer::Token,
        names::Qualified,
        values::{begins_statement, next_row},
    },
    Reader, told,
};

/// A batch of rows ends at so many bytes or rows.
const BATCH_BYTES: usize = 1024 * 1024;
const BATCH_ROWS: usize = 10_000;
/// How many tokens the end of a `COPY` may have.
const LONGEST_COPY: usize = 1000;
/// What is said of a row whose table is not known.
const NO_DEFINITION: &str = "come before the CREATE TABLE that says what their columns are; \
     make the dump with structure and data";

impl<R: Read> Reader<R> {
    pub(super) fn insert(&mut self) -> Result<(), Fault> {
        self.lexer.has_printed_texts = true;
        let inserted = self.insert_rows();
        self.lexer.has_printed_texts = false;
        inserted
    }

    fn insert_rows(&mut self) -> Result<(), Fault> {
        let line = self.lexer.line();
        self.lexer.skip_word("ignore")?;
        self.lexer.skip_word("into")?;
        let name = self.table_of_rows()?;
        let Some(table) = name.table(self.unqualified_is_ours) else {
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
            let rest = self.statement_rest(Holds::Queries)?;
            return self.left_out(line, table, &format!("INSERT INTO {table} {}", told(&rest)));
        }
        let columns = self.columns_of(table, listed)?;
        let days: Vec<bool> = columns.iter().map(|column| self.is_day(table, column)).collect();
        let mut rows = self.batch(table, &columns);
        let mut is_empty = true;
        while let Some(line) = next_row(&mut self.lexer, &days, &mut rows.data)? {
            is_empty = false;
            self.finish_row(&mut rows, line)?;
        }
        if is_empty && self.lexer.peek()?.is_none() {
            return Err(self
                .lexer
                .fault(format!("the rows of {table} are missing; the dump is cut short")));
        }
        self.send_rows(rows)
    }

    fn is_day(&self, table: &str, column: &str) -> bool {
        self.tables
            .get(table)
            .and_then(|defined| defined.columns.iter().find(|known| known.name == column))
            .is_some_and(|column| column.kind.is_day())
    }

    /// The name of the table that rows are for. It must be one, and either name a table of ours as ours are named or no such
    /// table at all: rows that only seem to be of others would be lost.
    fn table_of_rows(&mut self) -> Result<Qualified, Fault> {
        let Some(name) = Qualified::read(&mut self.lexer)? else {
            return Err(self.lexer.fault("the name of the rows' table cannot be read"));
        };
        if name.only_resembles_ours(self.unqualified_is_ours) {
            return Err(self.lexer.fault(format!(
                "rows of \"{}\", which is no table of ours, though its name is nearly one",
                name.name
            )));
        }
        self.ensure_schema_is_clear(&name)?;
        Ok(name)
    }

    /// Passes over an `INSERT` into a table of others, which may lack its end as well.
    fn skip_rows(&mut self) -> Result<(), Fault> {
        let mut statement = Statement::new(Holds::Queries, &self.lexer);
        let mut had_row = false;
        let mut had_conflict = false;
        loop {
            if statement.is_flat() {
                // What follows a conflict may be a statement's word, and is none.
                let ends = match self.lexer.peek()? {
                    Some(Token::Word(word)) => had_row && begins_statement(word),
                    _ => false,
                };
                if (ends && !had_conflict) || (had_conflict && statement.ends_before(&mut self.lexer)?) {
                    return Ok(());
                }
            }
            match statement.next(&mut self.lexer)? {
                Some(Token::Sign(b')')) => had_row = true,
                Some(Token::Word(word)) if word == "conflict" => had_conflict = true,
                Some(Token::Word(word)) if word == "values" => had_row = false,
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }

    pub(super) fn copy(&mut self) -> Result<(), Fault> {
        let line = self.lexer.line();
        if self.lexer.peek()?.is_some_and(|token| token.is_sign(b'(')) {
            // Of a query; it takes rows out.
            self.count("COPY of others");
            return skip_statement(&mut self.lexer, Holds::Values);
        }
        let table = self.table_of_rows()?.table(self.unqualified_is_ours);
        let listed = match table {
            Some(_) => self.column_list()?,
            None => None,
        };
        let rest = self.copy_rest()?;
        let reads_rows = reads_rows(&rest);
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

    /// The rest of a `COPY` up to its semicolon. Rows follow that; without it, nothing tells where they begin.
    fn copy_rest(&mut self) -> Result<Vec<Token>, Fault> {
        let mut tokens = Vec::new();
        let mut statement = Statement::new(Holds::Values, &self.lexer);
        let mut ends = false;
        while !ends {
            let begins_line = self.lexer.begins_line()?;
            let next = self.lexer.peek()?;
            let is_option = matches!(next, Some(Token::Sign(b';' | b'(')))
                || next.is_some_and(|token| token.is_word("with") || token.is_word("where"));
            let is_end = next.is_none_or(|token| token.is_sign(b';'));
            let lacks_end = reads_rows(&tokens) && begins_line && !is_option;
            match statement.next(&mut self.lexer)? {
                Some(token) if !lacks_end && tokens.len() < LONGEST_COPY => tokens.push(token),
                None if is_end || !reads_rows(&tokens) => ends = true,
                _ => {
                    return Err(self.lexer.fault(
                        "a COPY without its semicolon, so that its rows cannot be told from what follows",
                    ));
                }
            }
        }
        Ok(tokens)
    }

    fn skip_lines(&mut self) -> Result<(), Fault> {
        self.lexer.row()?;
        while let Some((_, row)) = self.lexer.row()? {
            if row == br"\." {
                return Ok(());
            }
        }
        Err(self
            .lexer
            .fault("the rows of a COPY do not end; the dump is cut short"))
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
}

/// Whether these tokens of a `COPY` say that rows follow.
fn reads_rows(tokens: &[Token]) -> bool {
    tokens
        .windows(2)
        .any(|pair| matches!(pair, [one, two] if one.is_word("from") && two.is_word("stdin")))
}
