//! Reads the values a PDF is made of from bytes.

use super::fixed::Fixed;
use super::limits::{Limits, MAX_DEPTH, MAX_STRING, MAX_VALUES};
use super::object::{Dictionary, Object};

/// What stands next in the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Value(Object),
    /// A word that is no value: `obj`, `stream`, an operator.
    Word(Vec<u8>),
}

/// Reads values, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    limits: &'a Limits,
    values: u32,
    /// Whether `1 0 R` is a reference; in page content it is not.
    has_references: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, limits: &'a Limits) -> Self {
        Self {
            bytes,
            at,
            limits,
            values: 0,
            has_references: true,
        }
    }

    /// For page content and character maps.
    pub(super) fn of_content(bytes: &'a [u8], limits: &'a Limits) -> Self {
        Self {
            has_references: false,
            ..Self::new(bytes, 0, limits)
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn move_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(byte)
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
                    self.at = self.at.saturating_add(1);
                }
            } else if is_space(byte) {
                self.at = self.at.saturating_add(1);
            } else {
                break;
            }
        }
    }

    /// The value that stands next; `None` if none does.
    pub(super) fn value(&mut self) -> Option<Object> {
        self.values = 0;
        match self.token()? {
            Token::Value(value) => Some(value),
            Token::Word(_) => None,
        }
    }

    /// The token that stands next; `None` at the end and at what is no token.
    pub(super) fn next(&mut self) -> Option<Token> {
        self.values = 0;
        self.token()
    }

    fn token(&mut self) -> Option<Token> {
        let start = self.at;
        let token = self.token_within(0);
        // What was looked at in vain is paid for, too.
        self.limits.work(self.at.saturating_sub(start))?;
        token
    }

    fn token_within(&mut self, depth: u32) -> Option<Token> {
        self.skip_space();
        self.values = self.values.saturating_add(1);
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return None;
        }
        let value = match self.peek()? {
            b'/' => self.name(),
            b'(' => self.literal()?,
            b'<' if self.bytes.get(self.at.saturating_add(1)) == Some(&b'<') => self.dictionary(depth)?,
            b'<' => self.hexadecimal()?,
            b'[' => self.array(depth)?,
            b'0'..=b'9' | b'+' | b'-' | b'.' => self.number()?,
            // A stray closing mark is passed over as a word of its own.
            b')' | b'>' | b']' | b'{' | b'}' => {
                let mark = self.bump()?;
                return Some(Token::Word(vec![mark]));
            }
            _ => {
                return Some(match self.regular() {
                    b"null" => Token::Value(Object::Null),
                    b"true" | b"false" => Token::Value(Object::Bool),
                    word => Token::Word(word.to_vec()),
                });
            }
        };
        Some(Token::Value(value))
    }

    fn regular(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| !is_regular(*byte))
            .unwrap_or(rest.len());
        self.at = self.at.saturating_add(length);
        rest.get(..length).unwrap_or_default()
    }

    fn name(&mut self) -> Object {
        self.at = self.at.saturating_add(1);
        let raw = self.regular();
        if !raw.contains(&b'#') {
            return Object::Name(raw.to_vec());
        }
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((byte, after)) = rest.split_first() {
            let escaped = match (byte, after) {
                (b'#', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
                _ => None,
            };
            if let Some((high, low)) = escaped {
                name.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
            } else {
                name.push(*byte);
                rest = after;
            }
        }
        Object::Name(name)
    }

    fn number(&mut self) -> Option<Object> {
        let word = self.regular();
        let number = Fixed::parse(word)?;
        if self.has_references && word.iter().all(u8::is_ascii_digit) {
            let after = self.at;
            if let Some(reference) = self.rest_of_reference(number) {
                return Some(reference);
            }
            self.at = after;
        }
        Some(Object::Number(number))
    }

    /// `0 R` behind the number of an object.
    fn rest_of_reference(&mut self, number: Fixed) -> Option<Object> {
        let id = u32::try_from(number.whole()?).ok()?;
        self.skip_space();
        let generation = self.regular();
        if generation.is_empty() || generation.len() > 5 || !generation.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.skip_space();
        (self.regular() == b"R").then_some(Object::Reference(id))
    }

    fn literal(&mut self) -> Option<Object> {
        self.at = self.at.saturating_add(1);
        let start = self.at;
        let mut text = Vec::new();
        let mut open = 1_u32;
        loop {
            if self.at.saturating_sub(start) > MAX_STRING {
                return None;
            }
            match self.bump()? {
                b'(' => {
                    open = open.saturating_add(1);
                    text.push(b'(');
                }
                b')' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        return Some(Object::Text(text));
                    }
                    text.push(b')');
                }
                b'\\' => self.escape(&mut text)?,
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.bump();
                    }
                    text.push(b'\n');
                }
                byte => text.push(byte),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Option<()> {
        match self.bump()? {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.bump();
                }
            }
            b'\n' => {}
            first @ b'0'..=b'7' => {
                let mut code = u32::from(first.saturating_sub(b'0'));
                for _ in 0..2 {
                    match self.peek() {
                        Some(digit @ b'0'..=b'7') => {
                            code = code << 3 | u32::from(digit.saturating_sub(b'0'));
                            self.bump();
                        }
                        _ => break,
                    }
                }
                text.push(u8::try_from(code & 0xff).ok()?);
            }
            byte => text.push(byte),
        }
        Some(())
    }

    fn hexadecimal(&mut self) -> Option<Object> {
        self.at = self.at.saturating_add(1);
        let start = self.at;
        let mut text = Vec::new();
        let mut high = None;
        loop {
            if self.at.saturating_sub(start) > MAX_STRING.saturating_mul(2) {
                return None;
            }
            let byte = self.bump()?;
            if byte == b'>' {
                text.extend(high.map(|high: u8| high << 4));
                return Some(Object::Text(text));
            }
            if is_space(byte) {
                continue;
            }
            let digit = hex_digit(byte)?;
            match high.take() {
                Some(high) => text.push(high << 4 | digit),
                None => high = Some(digit),
            }
        }
    }

    fn array(&mut self, depth: u32) -> Option<Object> {
        self.at = self.at.saturating_add(1);
        let mut values = Vec::new();
        loop {
            match self.token_within(depth.saturating_add(1))? {
                Token::Value(value) => values.push(value),
                Token::Word(word) if word == b"]" => return Some(Object::Array(values)),
                Token::Word(_) => return None,
            }
        }
    }

    fn dictionary(&mut self, depth: u32) -> Option<Object> {
        self.at = self.at.saturating_add(2);
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            if self.bytes.get(self.at..)?.starts_with(b">>") {
                self.at = self.at.saturating_add(2);
                return Some(Object::Dictionary(Dictionary(entries)));
            }
            let Token::Value(Object::Name(key)) = self.token_within(depth.saturating_add(1))? else {
                return None;
            };
            let Token::Value(value) = self.token_within(depth.saturating_add(1))? else {
                return None;
            };
            entries.push((key, value));
        }
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0 | 12)
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte)
        && !matches!(
            byte,
            b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
        )
}

pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Object> {
        Lexer::new(text.as_bytes(), 0, &Limits::default()).value()
    }

    #[test]
    fn values_are_read_in_every_notation() {
        let text = |text: &str| Some(Object::Text(text.as_bytes().to_vec()));
        assert_eq!(read("% note\n /A#42c "), Some(Object::Name(b"ABc".to_vec())));
        assert_eq!(read("(a(b)\\)\\101\\\n\\n)"), text("a(b))A\n"));
        assert_eq!(read("<41 4>"), text("A@"));
        assert_eq!(read("12 0 R"), Some(Object::Reference(12)));
        assert_eq!(read("12 0 obj"), Some(Object::Number(Fixed::of(12))));
        let dictionary = read("<</A[1 2 0 R null]/B<</C true>>>>")
            .unwrap()
            .dictionary()
            .unwrap();
        let array = dictionary.get("A").unwrap().clone().array().unwrap();
        assert_eq!(
            array,
            [Object::Number(Fixed::of(1)), Object::Reference(2), Object::Null]
        );
        assert!(dictionary.get("C").is_none());
    }

    #[test]
    fn what_does_not_end_is_no_value() {
        for bad in [
            "", "(abc", "<41", "[1 2", "<</A", "<</A 1", "<</A>>", "[1 obj]", "<4x>",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&deep(90)).is_some());
        assert!(read(&deep(200)).is_none());
        assert!(read(&"<</A".repeat(1_000_000)).is_none());
    }
}
