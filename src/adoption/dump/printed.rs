//! Dictionaries and lists as Python or JSON print them, which some backups hold between single quotes, their own quotes not
//! doubled: `'{'parsed': True}'`. Only balanced brackets tell where such a text ends.

/// Where in a printed value the last byte stands.
#[derive(Debug, Default)]
pub(super) struct Printed {
    depth: u32,
    quote: Option<u8>,
    is_escaped: bool,
    /// The last byte that is no space.
    last: Option<u8>,
}

impl Printed {
    /// After these bytes; `None` if the value ended before them all.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let mut printed = Self::default();
        for (place, byte) in text.iter().enumerate() {
            if place > 0 && !printed.is_inside() {
                return None;
            }
            printed.take(*byte);
        }
        Some(printed)
    }

    pub(super) fn take(&mut self, byte: u8) {
        if !byte.is_ascii_whitespace() {
            self.last = Some(byte);
        }
        if self.is_escaped {
            self.is_escaped = false;
            return;
        }
        match (self.quote, byte) {
            (Some(_), b'\\') => self.is_escaped = true,
            (Some(quote), byte) if byte == quote => self.quote = None,
            (None, b'\'' | b'"') => self.quote = Some(byte),
            (None, b'{' | b'[') => self.depth = self.depth.saturating_add(1),
            (None, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether a text of the value's own may begin here.
    pub(super) fn awaits_a_text(&self) -> bool {
        self.depth > 0 && self.quote.is_none() && matches!(self.last, Some(b'[' | b'{' | b'(' | b',' | b':'))
    }

    /// Whether brackets or quotes are still open.
    pub(super) fn is_inside(&self) -> bool {
        self.depth > 0 || self.quote.is_some()
    }
}
