//! Tables that every PDF takes for granted: the usual encodings, the names of characters, the widths of the usual fonts.

/// Codes 128 to 159 of Windows' Latin encoding; the rest is Latin-1.
const WINDOWS: &str = "€•‚ƒ„…†‡ˆ‰Š‹Œ•Ž••‘’“”•–—˜™š›œ•žŸ";
/// Codes 128 to 255 of Macintosh' Roman encoding.
const MACINTOSH: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
/// The order in which the Roman encoding lists the apple among these.
const APPLE: usize = 0xf0 - 0x80;

/// The character of a code in Windows' Latin encoding.
pub(super) fn windows(code: u8) -> char {
    match code {
        0x80..=0x9f => WINDOWS
            .chars()
            .nth(usize::from(code.saturating_sub(0x80)))
            .unwrap_or('•'),
        code => char::from(code),
    }
}

/// The character of a code in Macintosh' Roman encoding.
pub(super) fn macintosh(code: u8) -> char {
    let Some(place) = usize::from(code).checked_sub(0x80) else {
        return char::from(code);
    };
    // The apple is no character of Unicode; the list goes on without it.
    let place = if place > APPLE {
        place.saturating_sub(1)
    } else {
        place
    };
    MACINTOSH.chars().nth(place).unwrap_or(' ')
}

/// The character of a glyph's name.
pub(super) fn named(name: &str) -> Option<char> {
    let bare = name.split('.').next().unwrap_or(name);
    let mut characters = bare.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        return Some(character);
    }
    let known = NAMES.iter().find(|(known, _)| *known == bare);
    let by_number = || {
        let digits = bare.strip_prefix("uni").or_else(|| bare.strip_prefix('u'))?;
        char::from_u32(u32::from_str_radix(digits.get(..digits.len().min(6))?, 16).ok()?)
    };
    known
        .map(|(_, character)| *character)
        .or_else(|| accented(bare))
        .or_else(by_number)
}

/// `eacute` and its like.
fn accented(name: &str) -> Option<char> {
    const ACCENTS: [(&str, &str, &str); 6] = [
        ("acute", "AEIOUYaeiouy", "ÁÉÍÓÚÝáéíóúý"),
        ("grave", "AEIOUaeiou", "ÀÈÌÒÙàèìòù"),
        ("circumflex", "AEIOUaeiou", "ÂÊÎÔÛâêîôû"),
        ("dieresis", "AEIOUaeiouy", "ÄËÏÖÜäëïöüÿ"),
        ("tilde", "ANOano", "ÃÑÕãñõ"),
        ("cedilla", "Cc", "Çç"),
    ];
    ACCENTS.iter().find_map(|(accent, plain, accented)| {
        let letter = name.strip_suffix(accent)?;
        let place = plain.chars().position(|plain| letter == plain.to_string())?;
        accented.chars().nth(place)
    })
}

const NAMES: &[(&str, char)] = &[
    ("space", ' '),
    ("nbspace", ' '),
    ("exclam", '!'),
    ("quotedbl", '"'),
    ("numbersign", '#'),
    ("dollar", '$'),
    ("percent", '%'),
    ("ampersand", '&'),
    ("quotesingle", '\''),
    ("parenleft", '('),
    ("parenright", ')'),
    ("asterisk", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("hyphen", '-'),
    ("minus", '-'),
    ("sfthyphen", '-'),
    ("period", '.'),
    ("slash", '/'),
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("colon", ':'),
    ("semicolon", ';'),
    ("less", '<'),
    ("equal", '='),
    ("greater", '>'),
    ("question", '?'),
    ("at", '@'),
    ("bracketleft", '['),
    ("backslash", '\\'),
    ("bracketright", ']'),
    ("asciicircum", '^'),
    ("underscore", '_'),
    ("grave", '`'),
    ("braceleft", '{'),
    ("bar", '|'),
    ("braceright", '}'),
    ("asciitilde", '~'),
    ("quoteleft", '‘'),
    ("quoteright", '’'),
    ("quotedblleft", '“'),
    ("quotedblright", '”'),
    ("endash", '–'),
    ("emdash", '—'),
    ("bullet", '•'),
    ("ellipsis", '…'),
    ("periodcentered", '·'),
    ("degree", '°'),
    ("multiply", '×'),
    ("divide", '÷'),
    ("plusminus", '±'),
    ("mu", 'µ'),
    ("onehalf", '½'),
    ("onequarter", '¼'),
    ("threequarters", '¾'),
    ("twosuperior", '²'),
    ("threesuperior", '³'),
    ("onesuperior", '¹'),
    ("section", '§'),
    ("copyright", '©'),
    ("registered", '®'),
    ("trademark", '™'),
    ("Euro", '€'),
    ("sterling", '£'),
    ("yen", '¥'),
    ("cent", '¢'),
    ("rupee", '₹'),
    ("indianrupee", '₹'),
    ("fi", 'ﬁ'),
    ("fl", 'ﬂ'),
    ("ff", 'ﬀ'),
    ("ffi", 'ﬃ'),
    ("ffl", 'ﬄ'),
    ("germandbls", 'ß'),
    ("ae", 'æ'),
    ("AE", 'Æ'),
    ("oslash", 'ø'),
    ("Oslash", 'Ø'),
    ("aring", 'å'),
    ("Aring", 'Å'),
];

/// Widths of the codes 32 to 126 in thousandths of the font's size.
type Widths = [u16; 95];

/// The width of a code in a font that brings no widths, from the font's name.
pub(super) fn usual_width(font: &str, code: u32) -> i64 {
    let is_bold = font.contains("Bold") || font.contains("Black");
    let widths = if font.contains("Courier") || font.contains("Mono") {
        return 600;
    } else if font.contains("Times") || font.contains("Serif") {
        if is_bold { &TIMES_BOLD } else { &TIMES }
    } else if is_bold {
        &HELVETICA_BOLD
    } else {
        &HELVETICA
    };
    let place = code.checked_sub(32).and_then(|place| usize::try_from(place).ok());
    place
        .and_then(|place| widths.get(place))
        .map_or(556, |width| i64::from(*width))
}

#[rustfmt::skip]
const HELVETICA: Widths = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
#[rustfmt::skip]
const HELVETICA_BOLD: Widths = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
#[rustfmt::skip]
const TIMES: Widths = [
    250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278,
    500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444,
    921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722,
    556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500,
    333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500,
    500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
];
#[rustfmt::skip]
const TIMES_BOLD: Widths = [
    250, 333, 555, 500, 500, 1000, 833, 278, 333, 333, 500, 570, 250, 333, 250, 278,
    500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 333, 333, 570, 570, 570, 500,
    930, 722, 667, 722, 722, 667, 611, 778, 778, 389, 500, 778, 667, 944, 722, 778,
    611, 778, 722, 556, 667, 722, 722, 1000, 722, 722, 667, 333, 278, 333, 581, 500,
    333, 500, 556, 444, 556, 444, 333, 500, 556, 278, 333, 556, 278, 833, 556, 500,
    556, 556, 444, 389, 333, 556, 500, 722, 500, 500, 444, 394, 220, 394, 520,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_stand_for_characters() {
        assert_eq!(
            (windows(0x41), windows(0x80), windows(0x96), windows(0xe9)),
            ('A', '€', '–', 'é')
        );
        assert_eq!(
            (macintosh(0x41), macintosh(0x8e), macintosh(0xd0), macintosh(0xff)),
            ('A', 'é', '–', 'ˇ')
        );
        for (name, character) in [
            ("A", Some('A')),
            ("hyphen", Some('-')),
            ("eacute", Some('é')),
            ("uni20B9", Some('₹')),
            ("one.alt", Some('1')),
            ("g123", None),
            ("unicorn", None),
        ] {
            assert_eq!(named(name), character, "{name}");
        }
    }
}
