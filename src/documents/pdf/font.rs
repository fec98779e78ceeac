//! Fonts: how long the codes in a string are, which text they stand for and how wide their glyphs are.

use std::collections::HashMap;

use super::cmap::CharacterMap;
use super::document::Document;
use super::encodings;
use super::fixed::Fixed;
use super::object::{Dictionary, Object};

/// A font as far as text needs it.
#[derive(Debug)]
pub(super) struct Font {
    code_length: usize,
    to_unicode: Option<CharacterMap>,
    /// The characters of the codes of a font with one byte a code.
    characters: Option<Vec<Option<char>>>,
    /// Whether codes are Unicode themselves.
    is_unicode: bool,
    widths: HashMap<u32, Fixed>,
    missing_width: Option<Fixed>,
    name: String,
}

/// What a code stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code {
    pub(super) value: u32,
    /// In thousandths of the font's size.
    pub(super) width: Fixed,
    /// A space to which the spacing of words is added.
    pub(super) is_space: bool,
}

impl Font {
    pub(super) fn read(document: &Document<'_>, font: &Dictionary) -> Self {
        let name = document
            .get(font, "BaseFont")
            .and_then(|name| Some(String::from_utf8_lossy(name.name()?).into_owned()))
            .unwrap_or_default();
        let to_unicode = match font.get("ToUnicode") {
            Some(Object::Reference(id)) => read_map(document, *id),
            _ => None,
        };
        let subtype = document.get(font, "Subtype");
        let is_composite = subtype.as_ref().and_then(Object::name) == Some(b"Type0");
        if is_composite {
            return Self::composite(document, font, name, to_unicode);
        }
        let is_type3 = subtype.as_ref().and_then(Object::name) == Some(b"Type3");
        let descriptor = document.dictionary(font, "FontDescriptor");
        Self {
            code_length: 1,
            to_unicode,
            characters: Some(characters(document, font)),
            is_unicode: false,
            widths: simple_widths(document, font, is_type3),
            missing_width: descriptor
                .and_then(|descriptor| document.get(&descriptor, "MissingWidth")?.number())
                .filter(|width| *width > Fixed::ZERO),
            name,
        }
    }

    fn composite(
        document: &Document<'_>,
        font: &Dictionary,
        name: String,
        to_unicode: Option<CharacterMap>,
    ) -> Self {
        let descendant = document
            .get(font, "DescendantFonts")
            .and_then(Object::array)
            .and_then(|fonts| document.resolve(fonts.first()?)?.dictionary())
            .unwrap_or_default();
        let encoding = font.get("Encoding");
        let (mut code_length, mut is_unicode) = (2, false);
        match encoding {
            Some(Object::Reference(id)) => {
                let map = read_map(document, *id);
                code_length = map.and_then(|map| map.code_length).unwrap_or(2);
            }
            Some(Object::Name(name)) => {
                let name = String::from_utf8_lossy(name);
                is_unicode = name.contains("UCS2") || name.contains("UTF16");
            }
            _ => {}
        }
        let default = document.get(&descendant, "DW").and_then(|width| width.number());
        Self {
            code_length,
            to_unicode,
            characters: None,
            is_unicode,
            widths: composite_widths(document, &descendant),
            missing_width: Some(default.unwrap_or(Fixed::of(1_000))),
            name,
        }
    }

    /// The font of text before any is chosen.
    pub(super) fn unknown() -> Self {
        Self {
            code_length: 1,
            to_unicode: None,
            characters: Some((0..=u8::MAX).map(|code| Some(encodings::windows(code))).collect()),
            is_unicode: false,
            widths: HashMap::new(),
            missing_width: None,
            name: String::new(),
        }
    }

    pub(super) fn codes<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Code> + 'a {
        text.chunks(self.code_length).map(|bytes| {
            let value = bytes
                .iter()
                .fold(0, |code: u32, byte| code << 8 | u32::from(*byte));
            let width = self.widths.get(&value).copied().or(self.missing_width);
            Code {
                value,
                width: width.unwrap_or_else(|| Fixed::of(encodings::usual_width(&self.name, value))),
                is_space: self.code_length == 1 && value == 32,
            }
        })
    }

    /// Appends the text of a code, if it is known.
    pub(super) fn append(&self, code: u32, out: &mut String) {
        if self.to_unicode.as_ref().is_some_and(|map| map.append(code, out)) {
            return;
        }
        if self.is_unicode {
            out.extend(char::from_u32(code));
        }
        let place = usize::try_from(code).unwrap_or(usize::MAX);
        let character = self
            .characters
            .as_ref()
            .and_then(|characters| characters.get(place).copied().flatten());
        out.extend(character);
    }
}

fn read_map(document: &Document<'_>, id: u32) -> Option<CharacterMap> {
    let stream = document.stream(id)?;
    let bytes = document.unpack(id, &stream).ok()?;
    Some(CharacterMap::read(&bytes, document.limits))
}

fn characters(document: &Document<'_>, font: &Dictionary) -> Vec<Option<char>> {
    let table = |name: Option<&[u8]>| -> Vec<Option<char>> {
        let character = match name {
            Some(b"MacRomanEncoding") => encodings::macintosh,
            _ => encodings::windows,
        };
        (0..=u8::MAX).map(|code| Some(character(code))).collect()
    };
    match document.get(font, "Encoding") {
        Some(Object::Dictionary(encoding)) => {
            let base = document.get(&encoding, "BaseEncoding");
            let mut characters = table(base.as_ref().and_then(Object::name));
            let differences = document.get(&encoding, "Differences").and_then(Object::array);
            let mut code = 0_usize;
            for difference in differences.unwrap_or_default() {
                match difference {
                    Object::Number(_) => code = difference.whole().unwrap_or(usize::MAX),
                    Object::Name(name) => {
                        if let Some(place) = characters.get_mut(code) {
                            *place = encodings::named(&String::from_utf8_lossy(&name));
                        }
                        code = code.saturating_add(1);
                    }
                    _ => {}
                }
            }
            characters
        }
        encoding => table(encoding.as_ref().and_then(Object::name)),
    }
}

fn simple_widths(document: &Document<'_>, font: &Dictionary, is_type3: bool) -> HashMap<u32, Fixed> {
    let first = document
        .get(font, "FirstChar")
        .and_then(|code| code.whole::<u32>())
        .unwrap_or(0);
    // A font that is drawn by itself has widths in a unit of its own.
    let unit = is_type3
        .then(|| {
            let matrix = document.get(font, "FontMatrix")?.array()?;
            Some(matrix.first()?.number()?.times(Fixed::of(1_000)))
        })
        .flatten();
    let widths = document.get(font, "Widths").and_then(Object::array);
    let widths = (first..).zip(widths.unwrap_or_default()).take(256);
    let known = widths.filter_map(|(code, width)| {
        let width = document.resolve(&width)?.number()?;
        Some((code, unit.map_or(width, |unit| width.times(unit))))
    });
    known.collect()
}

/// Widths of a font with many glyphs: `first [w w w]` or `first last w`, again and again.
fn composite_widths(document: &Document<'_>, font: &Dictionary) -> HashMap<u32, Fixed> {
    /// What keeping one width costs, in the measure of the limits.
    const COST: usize = 16;
    let mut widths = HashMap::new();
    let listed = document
        .get(font, "W")
        .and_then(Object::array)
        .unwrap_or_default();
    let mut listed = listed.iter();
    while let (Some(first), Some(next)) = (listed.next(), listed.next()) {
        let Some(first) = first.whole::<u16>() else { break };
        match document.resolve(next) {
            Some(Object::Array(own)) => {
                if document.limits.work(own.len().saturating_mul(COST)).is_none() {
                    break;
                }
                let known = (first..=u16::MAX).zip(own.iter().filter_map(Object::number));
                widths.extend(known.map(|(code, width)| (u32::from(code), width)));
            }
            Some(last) => {
                let width = listed.next().and_then(Object::number);
                let Some((last, width)) = last.whole::<u16>().zip(width) else {
                    break;
                };
                let codes = first..=last;
                if document.limits.work(codes.len().saturating_mul(COST)).is_none() {
                    break;
                }
                widths.extend(codes.map(|code| (u32::from(code), width)));
            }
            None => break,
        }
    }
    widths
}
