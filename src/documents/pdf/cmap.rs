//! Character maps: which text the codes of a font stand for.

use std::collections::HashMap;

use super::lexer::{Lexer, Token};
use super::limits::Limits;
use super::object::Object;

/// So many entries are kept of a map.
const MAX_ENTRIES: usize = 70_000;

/// Text for codes.
#[derive(Debug, Default)]
pub(super) struct CharacterMap {
    single: HashMap<u32, String>,
    /// First code, last code, and the character of the first; sorted when complete.
    ranges: Vec<(u32, u32, u32)>,
    /// How many bytes a code has; `None` if the map does not say.
    pub(super) code_length: Option<usize>,
}

impl CharacterMap {
    pub(super) fn read(bytes: &[u8], limits: &Limits) -> Self {
        let mut map = Self::default();
        let mut lexer = Lexer::of_content(bytes, limits);
        while let Some(token) = lexer.next() {
            let Token::Word(word) = token else { continue };
            let read = match word.as_slice() {
                b"begincodespacerange" => map.read_code_lengths(&mut lexer),
                b"beginbfchar" => map.read_single(&mut lexer),
                b"beginbfrange" => map.read_ranges(&mut lexer),
                _ => Some(()),
            };
            if read.is_none() && limits.refusal().is_some() {
                break;
            }
        }
        map.ranges.sort_unstable();
        map
    }

    fn has_room(&self) -> bool {
        self.single.len().saturating_add(self.ranges.len()) < MAX_ENTRIES
    }

    fn read_code_lengths(&mut self, lexer: &mut Lexer<'_>) -> Option<()> {
        while let Some(Token::Value(Object::Text(low))) = lexer.next() {
            lexer.value()?;
            self.code_length = self.code_length.max(Some(low.len().clamp(1, 4)));
        }
        Some(())
    }

    fn read_single(&mut self, lexer: &mut Lexer<'_>) -> Option<()> {
        while let Some(Token::Value(Object::Text(code))) = lexer.next() {
            let Token::Value(target) = lexer.next()? else {
                return None;
            };
            if let Object::Text(text) = target
                && self.has_room()
            {
                self.single.insert(code_of(&code)?, text_of(&text));
            }
        }
        Some(())
    }

    fn read_ranges(&mut self, lexer: &mut Lexer<'_>) -> Option<()> {
        while let Some(Token::Value(Object::Text(low))) = lexer.next() {
            let Token::Value(Object::Text(high)) = lexer.next()? else {
                return None;
            };
            let (low, high) = (code_of(&low)?, code_of(&high)?);
            match lexer.next()? {
                Token::Value(Object::Text(first)) if self.has_room() => {
                    let text = text_of(&first);
                    let mut characters = text.chars();
                    match (characters.next(), characters.next()) {
                        (Some(first), None) => self.ranges.push((low, high, u32::from(first))),
                        // A text of several characters stands for the first code only.
                        _ => {
                            self.single.insert(low, text);
                        }
                    }
                }
                Token::Value(Object::Array(targets)) => {
                    for (code, target) in (low..=high).zip(targets) {
                        if let Object::Text(text) = target
                            && self.has_room()
                        {
                            self.single.insert(code, text_of(&text));
                        }
                    }
                }
                Token::Value(_) => {}
                Token::Word(_) => return None,
            }
        }
        Some(())
    }

    /// Appends the text of a code; false if the map has none.
    pub(super) fn append(&self, code: u32, out: &mut String) -> bool {
        if let Some(text) = self.single.get(&code) {
            out.push_str(text);
            return true;
        }
        let behind = self.ranges.partition_point(|(low, ..)| *low <= code);
        let range = behind.checked_sub(1).and_then(|at| self.ranges.get(at));
        let character = range
            .filter(|(_, high, _)| code <= *high)
            .and_then(|(low, _, first)| char::from_u32(first.checked_add(code.checked_sub(*low)?)?));
        out.extend(character);
        character.is_some()
    }
}

fn code_of(bytes: &[u8]) -> Option<u32> {
    (bytes.len() <= 4).then(|| {
        bytes
            .iter()
            .fold(0, |code: u32, byte| code << 8 | u32::from(*byte))
    })
}

/// Text as a map prints it: UTF-16, high byte first.
fn text_of(bytes: &[u8]) -> String {
    if let [byte] = bytes {
        return char::from(*byte).to_string();
    }
    let units = bytes.chunks(2).filter_map(|pair| match pair {
        [high, low] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    });
    char::decode_utf16(units).filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_ranges_and_lists_are_mapped() {
        let map = CharacterMap::read(
            b"1 begincodespacerange <0000> <FFFF> endcodespacerange
              2 beginbfchar <0003> <0020> <0004> <00660069> endbfchar
              2 beginbfrange <0010> <0012> <0041> <0020> <0021> [<0078> <D83DDE00>] endbfrange",
            &Limits::default(),
        );
        let text = |code| {
            let mut out = String::new();
            map.append(code, &mut out).then_some(out)
        };

        assert_eq!(map.code_length, Some(2));
        assert_eq!(text(3).as_deref(), Some(" "));
        assert_eq!(text(4).as_deref(), Some("fi"));
        assert_eq!(text(0x12).as_deref(), Some("C"));
        assert_eq!(text(0x13), None);
        assert_eq!(text(0x21).as_deref(), Some("\u{1f600}"));
        assert_eq!(text(0x99), None);
    }
}
