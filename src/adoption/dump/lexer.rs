//! The words of a dump: enough of SQL's grammar that nothing inside a text, a comment or a function's body is taken for a
//! statement.

use std::{collections::VecDeque, io::Read};

use super::{
    bytes::{Bytes, Fault},
    printed::Printed,
};

/// The longest text that is read as one value, in bytes.
const LONGEST_TEXT: usize = 64 * 1024 * 1024;
/// A comment longer than this is no mark of `pg_dump`.
const LONGEST_MARK: usize = 64;
/// The longest name of a tag, an identifier or a number.
const LONGEST_WORD: usize = 4096;

/// A word of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or name without quotes, in lower case.
    Word(String),
    /// A name in double quotes.
    Name(String),
    /// A text in single or dollar quotes, unquoted.
    Text(Vec<u8>),
    /// A number as it stands.
    Number(String),
    /// Any other character.
    Sign(u8),
    /// A command to psql, which stands at the beginning of a line.
    Command(String),
}

impl Token {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    pub(super) fn is_sign(&self, sign: u8) -> bool {
        *self == Self::Sign(sign)
    }
}

/// The tokens of a dump, one after the other.
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own")]
pub(super) struct Lexer<R> {
    bytes: Bytes<R>,
    /// Whether `\` is a character like others in a plain text, as it is unless the dump says otherwise.
    pub(super) has_standard_texts: bool,
    /// Whether the dump is in UTF-8, as escapes of characters are.
    pub(super) is_utf8: bool,
    /// Whether texts may be printed dictionaries, as they may among rows.
    pub(super) has_printed_texts: bool,
    /// How many dumps of `pg_dump` begin and have not ended.
    pub(super) unfinished: u32,
    ahead: VecDeque<(u64, Token)>,
    line: u64,
    follows_line_end: bool,
}

impl<R: Read> Lexer<R> {
    pub(super) fn new(bytes: Bytes<R>) -> Self {
        Self {
            bytes,
            has_standard_texts: true,
            is_utf8: true,
            has_printed_texts: false,
            unfinished: 0,
            ahead: VecDeque::new(),
            line: 1,
            follows_line_end: true,
        }
    }

    /// The line of the token that came last.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> Fault {
        Fault::at(self.line, what)
    }

    /// The next token, which stays.
    pub(super) fn peek(&mut self) -> Result<Option<&Token>, Fault> {
        self.peek_at(0)
    }

    /// The token behind so many others, which stays.
    pub(super) fn peek_at(&mut self, place: usize) -> Result<Option<&Token>, Fault> {
        while self.ahead.len() <= place {
            let Some(token) = self.read()? else {
                return Ok(None);
            };
            self.ahead.push_back(token);
        }
        Ok(self.ahead.get(place).map(|(_, token)| token))
    }

    /// Whether the next token begins on another line than the last one.
    pub(super) fn begins_line(&mut self) -> Result<bool, Fault> {
        self.peek()?;
        Ok(self.ahead.front().is_some_and(|(line, _)| *line > self.line))
    }

    /// The next token; `None` at the end of the dump.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Fault> {
        let next = match self.ahead.pop_front() {
            Some(ahead) => Some(ahead),
            None => self.read()?,
        };
        Ok(next.map(|(line, token)| {
            self.line = line;
            token
        }))
    }

    /// Passes over the next token if it is this sign.
    pub(super) fn skip_sign(&mut self, sign: u8) -> Result<bool, Fault> {
        let is_it = self.peek()?.is_some_and(|token| token.is_sign(sign));
        if is_it {
            self.next()?;
        }
        Ok(is_it)
    }

    /// Passes over the next token if it is this word.
    pub(super) fn skip_word(&mut self, word: &str) -> Result<bool, Fault> {
        let is_it = self.peek()?.is_some_and(|token| token.is_word(word));
        if is_it {
            self.next()?;
        }
        Ok(is_it)
    }

    /// The next token, unless it is one that shall stay.
    pub(super) fn next_unless(&mut self, stays: impl FnOnce(&Token) -> bool) -> Result<Option<Token>, Fault> {
        if self.peek()?.is_some_and(stays) {
            return Ok(None);
        }
        self.next()
    }

    /// A line of rows, and its number. Only where no token was read ahead.
    pub(super) fn row(&mut self) -> Result<Option<(u64, Vec<u8>)>, Fault> {
        let line = self.bytes.line();
        self.follows_line_end = true;
        Ok(self.bytes.rest_of_line(LONGEST_TEXT)?.map(|row| (line, row)))
    }

    fn read(&mut self) -> Result<Option<(u64, Token)>, Fault> {
        loop {
            let line = self.bytes.line();
            let Some(byte) = self.bytes.peek()? else {
                return Ok(None);
            };
            let begins_line = std::mem::replace(&mut self.follows_line_end, byte == b'\n');
            match byte {
                b' ' | b'\t' | b'\r' | b'\x0c' => {
                    self.bytes.next()?;
                    self.follows_line_end = begins_line;
                }
                b'\n' => {
                    self.bytes.next()?;
                }
                b'-' => {
                    self.bytes.next()?;
                    if !self.bytes.skip_if(b'-')? {
                        return Ok(Some((line, Token::Sign(b'-'))));
                    }
                    self.rest_of_comment()?;
                }
                b'/' => {
                    self.bytes.next()?;
                    if !self.bytes.skip_if(b'*')? {
                        return Ok(Some((line, Token::Sign(b'/'))));
                    }
                    self.comment(line)?;
                }
                b'\\' if begins_line => {
                    let command = self.bytes.rest_of_line(LONGEST_TEXT)?.unwrap_or_default();
                    self.follows_line_end = true;
                    let command = String::from_utf8_lossy(&command).into_owned();
                    return Ok(Some((line, Token::Command(command))));
                }
                _ => return self.token(byte, line).map(|token| Some((line, token))),
            }
        }
    }

    fn rest_of_comment(&mut self) -> Result<(), Fault> {
        let mut text = Vec::new();
        while let Some(byte) = self.bytes.next()? {
            if byte == b'\n' {
                self.follows_line_end = true;
                break;
            }
            if text.len() < LONGEST_MARK {
                text.push(byte);
            }
        }
        match text.trim_ascii() {
            b"PostgreSQL database dump" => self.unfinished += 1,
            b"PostgreSQL database dump complete" => self.unfinished = self.unfinished.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }

    /// A comment between `/*` and `*/`, with those inside it.
    fn comment(&mut self, began: u64) -> Result<(), Fault> {
        let mut depth = 1_u32;
        while depth > 0 {
            match self.bytes.next()? {
                Some(b'*') if self.bytes.skip_if(b'/')? => depth -= 1,
                Some(b'/') if self.bytes.skip_if(b'*')? => depth += 1,
                Some(_) => {}
                None => return Err(Fault::at(began, "a comment does not end")),
            }
        }
        Ok(())
    }

    fn token(&mut self, byte: u8, line: u64) -> Result<Token, Fault> {
        match byte {
            b'\'' => {
                self.bytes.next()?;
                let escapes = !self.has_standard_texts;
                Ok(Token::Text(self.text(escapes, line)?))
            }
            b'"' => {
                self.bytes.next()?;
                self.quoted_name(line).map(Token::Name)
            }
            b'$' => {
                self.bytes.next()?;
                self.dollar(line)
            }
            b'0'..=b'9' => self.number(String::new()),
            b'.' => {
                self.bytes.next()?;
                if self.bytes.peek()?.is_some_and(|byte| byte.is_ascii_digit()) {
                    return self.number(".".to_owned());
                }
                Ok(Token::Sign(b'.'))
            }
            _ if is_word(byte) => {
                let word = self.word()?;
                if word.eq_ignore_ascii_case("e") && self.bytes.skip_if(b'\'')? {
                    return Ok(Token::Text(self.text(true, line)?));
                }
                Ok(Token::Word(word))
            }
            _ => {
                self.bytes.next()?;
                Ok(Token::Sign(byte))
            }
        }
    }

    fn word(&mut self) -> Result<String, Fault> {
        let mut word = Vec::new();
        while let Some(byte) = self.bytes.peek()? {
            if !is_word(byte) && !byte.is_ascii_digit() && byte != b'$' {
                break;
            }
            if word.len() > LONGEST_WORD {
                return Err(self.bytes.fault("a word is too long"));
            }
            word.push(byte.to_ascii_lowercase());
            self.bytes.next()?;
        }
        Ok(String::from_utf8_lossy(&word).into_owned())
    }

    fn number(&mut self, mut number: String) -> Result<Token, Fault> {
        while let Some(byte) = self.bytes.peek()? {
            let goes_on = byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b'_')
                || (matches!(byte, b'+' | b'-') && number.ends_with(['e', 'E']));
            if !goes_on {
                break;
            }
            if number.len() > LONGEST_WORD {
                return Err(self.bytes.fault("a number is too long"));
            }
            number.push(char::from(byte));
            self.bytes.next()?;
        }
        Ok(Token::Number(number))
    }

    fn quoted_name(&mut self, began: u64) -> Result<String, Fault> {
        let mut name = Vec::new();
        loop {
            match self.bytes.next()? {
                Some(b'"') if self.bytes.skip_if(b'"')? => name.push(b'"'),
                Some(b'"') => break,
                Some(byte) if name.len() < LONGEST_WORD => name.push(byte),
                _ => {
                    return Err(Fault::at(began, "a name in double quotes does not end"));
                }
            }
        }
        String::from_utf8(name).map_err(|_| Fault::at(began, "a name is not UTF-8"))
    }

    /// A text in single quotes, from behind the first of them.
    fn text(&mut self, has_escapes: bool, began: u64) -> Result<Vec<u8>, Fault> {
        let endless = || Fault::at(began, "a text does not end, or is longer than 64 MiB");
        let mut text = Vec::new();
        loop {
            if text.len() > LONGEST_TEXT {
                return Err(endless());
            }
            match self.bytes.next()? {
                None => return Err(endless()),
                Some(b'\'') if self.bytes.skip_if(b'\'')? => text.push(b'\''),
                Some(b'\'') => break,
                Some(b'\\') if has_escapes => {
                    let length = text.len();
                    self.escape(&mut text)?;
                    if !self.is_utf8 && text.get(length..).is_some_and(|bytes| !bytes.is_ascii()) {
                        return Err(self
                            .bytes
                            .fault("an escape of a character in a dump that is not UTF-8; make it with --encoding=UTF8"));
                    }
                }
                Some(byte) => text.push(byte),
            }
        }
        if self.has_printed_texts && matches!(text.first(), Some(b'{' | b'[')) && !has_escapes {
            return self.printed(text, began);
        }
        Ok(text)
    }

    /// A text that begins like a dictionary or list: some writers put it between quotes without doubling those inside.
    fn printed(&mut self, text: Vec<u8>, began: u64) -> Result<Vec<u8>, Fault> {
        let mut behind = Vec::new();
        while let Some(byte) = self.bytes.peek()? {
            if !byte.is_ascii_whitespace() || behind.len() > LONGEST_WORD {
                break;
            }
            behind.push(byte);
            self.bytes.next()?;
        }
        let printed = Printed::of(&text);
        let next = self.bytes.peek()?;
        let is_comment = matches!(
            (next, self.bytes.second()?),
            (Some(b'-'), Some(b'-')) | (Some(b'/'), Some(b'*'))
        );
        let goes_on = next == Some(b'\'');
        let awaits_a_text = printed.as_ref().is_some_and(Printed::awaits_a_text);
        if awaits_a_text && (is_comment || (goes_on && behind.contains(&b'\n'))) {
            return Err(Fault::at(
                began,
                "a text that may be the beginning of a list, and what follows is no list; write it and the next sign in one \
                 line, without a comment",
            ));
        }
        // What may follow a whole text, another one that goes on with it among them; behind one whose brackets are closed it
        // may be anything.
        if is_comment
            || (goes_on && !awaits_a_text)
            || matches!(next, None | Some(b',' | b')' | b';' | b':' | b'|'))
            || printed.as_ref().is_some_and(|printed| !printed.is_inside())
        {
            self.follows_line_end = behind.last() == Some(&b'\n');
            return Ok(text);
        }
        let fault = || {
            Fault::at(
                began,
                "a quote inside a text is not doubled, and the text is no dictionary",
            )
        };
        let mut printed = printed.ok_or_else(fault)?;
        let mut whole = text;
        for byte in [b'\''].into_iter().chain(behind) {
            printed.take(byte);
            whole.push(byte);
        }
        while printed.is_inside() {
            let byte = self.bytes.next()?.ok_or_else(fault)?;
            if whole.len() > LONGEST_TEXT {
                return Err(fault());
            }
            printed.take(byte);
            whole.push(byte);
        }
        if !self.bytes.skip_if(b'\'')? {
            return Err(fault());
        }
        Ok(whole)
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let Some(byte) = self.bytes.next()? else {
            return Ok(()); // The missing end of the text is found next.
        };
        match byte {
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.bytes.peek()? else {
                        break;
                    };
                    code = code * 8 + u32::from(digit - b'0');
                    self.bytes.next()?;
                }
                text.push(u8::try_from(code).map_err(|_| self.bytes.fault("an escape is no byte"))?);
            }
            b'x' => {
                let code = self.hexadecimal(1, 2)?;
                text.push(u8::try_from(code).map_err(|_| self.bytes.fault("an escape is no byte"))?);
            }
            b'u' | b'U' => {
                let length = if byte == b'u' { 4 } else { 8 };
                let code = self.hexadecimal(length, length)?;
                let character = char::from_u32(code)
                    .ok_or_else(|| self.bytes.fault("an escape in a text is no character"))?;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => text.push(other),
        }
        Ok(())
    }

    fn hexadecimal(&mut self, least: usize, most: usize) -> Result<u32, Fault> {
        let mut code = 0;
        let mut digits = 0;
        while digits < most {
            let digit = self.bytes.peek()?.and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { break };
            code = code * 16 + digit;
            digits += 1;
            self.bytes.next()?;
        }
        if digits < least {
            return Err(self.bytes.fault("an escape in a text is cut short"));
        }
        Ok(code)
    }

    /// `$1`, or a text between `$tag$` and `$tag$`.
    fn dollar(&mut self, began: u64) -> Result<Token, Fault> {
        let mut end = vec![b'$'];
        loop {
            match self.bytes.peek()? {
                Some(b'$') => break,
                Some(byte)
                    if (is_word(byte) || (end.len() > 1 && byte.is_ascii_digit()))
                        && end.len() < LONGEST_WORD =>
                {
                    end.push(byte);
                    self.bytes.next()?;
                }
                _ => return Ok(Token::Sign(b'$')),
            }
        }
        self.bytes.next()?;
        end.push(b'$');
        let mut text = Vec::new();
        while !text.ends_with(&end) {
            match self.bytes.next()? {
                Some(byte) if text.len() <= LONGEST_TEXT => text.push(byte),
                _ => {
                    return Err(Fault::at(began, "a text between dollar signs does not end"));
                }
            }
        }
        text.truncate(text.len() - end.len());
        Ok(Token::Text(text))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}
