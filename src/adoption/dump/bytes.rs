//! The bytes of a dump, one after the other, with the number of the line that each stands in.

use std::io::{self, Read};

const BUFFER: usize = 64 * 1024;

/// What cannot be read, and where.
#[derive(Debug, thiserror::Error)]
pub(in crate::adoption) enum Fault {
    /// The file itself.
    #[error("the dump cannot be read: {0}")]
    Io(#[from] io::Error),
    /// What stands in it.
    #[error("line {line} of the dump: {what}")]
    Text {
        /// Counted from 1.
        line: u64,
        /// A sentence without its end.
        what: String,
    },
    /// Nobody wants to know any more.
    #[error("the reading of the dump was given up")]
    GivenUp,
}

impl Fault {
    pub(super) fn at(line: u64, what: impl Into<String>) -> Self {
        Self::Text {
            line,
            what: what.into(),
        }
    }
}

/// Reads ahead by one byte and counts lines.
pub(super) struct Bytes<R> {
    source: R,
    buffer: Vec<u8>,
    place: usize,
    line: u64,
}

impl<R: Read> Bytes<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            place: 0,
            line: 1,
        }
    }

    /// The line of the next byte.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next byte, which stays.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        if let Some(byte) = self.buffer.get(self.place) {
            return Ok(Some(*byte));
        }
        self.fill()?;
        Ok(self.buffer.first().copied())
    }

    /// The byte behind the next one; both stay.
    pub(super) fn second(&mut self) -> Result<Option<u8>, Fault> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        if self.place + 1 == self.buffer.len() {
            let next = self.buffer.split_off(self.place);
            self.fill()?;
            self.buffer.splice(0..0, next);
        }
        Ok(self.buffer.get(self.place + 1).copied())
    }

    /// The next byte.
    pub(super) fn next(&mut self) -> Result<Option<u8>, Fault> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.place += 1;
            if byte == b'\n' {
                self.line += 1;
            }
        }
        Ok(byte)
    }

    /// Passes over the next byte if it is this one.
    pub(super) fn skip_if(&mut self, wanted: u8) -> Result<bool, Fault> {
        let is_it = self.peek()? == Some(wanted);
        if is_it {
            self.next()?;
        }
        Ok(is_it)
    }

    /// The rest of the line, without its end; `None` at the end of the dump.
    pub(super) fn rest_of_line(&mut self, limit: usize) -> Result<Option<Vec<u8>>, Fault> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let line = self.line;
        let mut text = Vec::new();
        loop {
            let rest = self.buffer.get(self.place..).unwrap_or_default();
            let end = rest.iter().position(|byte| *byte == b'\n');
            text.extend_from_slice(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default());
            if text.len() > limit {
                return Err(Fault::at(line, "the line is too long"));
            }
            if let Some(end) = end {
                self.place += end + 1;
                self.line += 1;
                break;
            }
            self.fill()?;
            if self.buffer.is_empty() {
                break;
            }
        }
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        Ok(Some(text))
    }

    /// What is wrong with the line that is being read.
    pub(super) fn fault(&self, what: impl Into<String>) -> Fault {
        Fault::at(self.line, what)
    }

    fn fill(&mut self) -> Result<(), Fault> {
        self.place = 0;
        self.buffer.resize(BUFFER, 0);
        let length = loop {
            match self.source.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.clear();
                    return Err(error.into());
                }
                Ok(length) => break length,
            }
        };
        self.buffer.truncate(length);
        Ok(())
    }
}
