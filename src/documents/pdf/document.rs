//! The objects of a PDF and its pages.
//!
//! Objects are found by looking through the file from front to back; of two with one number the later counts, as it does
//! in a file that was changed by appending. The file's own table of places is not used: it can lead in circles or name
//! one place a million times, and without it a file whose table is wrong is read like any other.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::filters::{self, Fault};
use super::lexer::{Lexer, Token, is_space};
use super::limits::{Limits, MAX_KEPT, MAX_OBJECTS, MAX_PAGES};
use super::object::{Dictionary, Object};

/// So many levels of a page tree, or references to references, are followed.
const MAX_LEVELS: usize = 50;
/// Where the end of the file is marked.
const TAIL: usize = 2_048;
const KEPT_TOO_MUCH: &str = "the file's packed objects unpack to more than any order needs";

/// An open document.
#[derive(Debug)]
pub(super) struct Document<'a> {
    bytes: &'a [u8],
    pub(super) limits: &'a Limits,
    places: HashMap<u32, Place>,
    /// The unpacked streams that hold objects.
    containers: Vec<Vec<u8>>,
    root: Option<Object>,
    is_encrypted: bool,
    /// The last reading of a stream that was used again and again, such as a form.
    last: RefCell<Option<(u32, Rc<Vec<u8>>)>>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// In the file, behind the word `obj`.
    File(usize),
    /// In an unpacked stream.
    Container(usize, usize),
}

/// A stream as it stands in the file.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub(super) dictionary: Dictionary,
    packed: &'a [u8],
}

impl<'a> Document<'a> {
    /// Looks through a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn open(bytes: &'a [u8], limits: &'a Limits) -> Result<Self, String> {
        let mut document = Self {
            bytes,
            limits,
            places: HashMap::new(),
            containers: Vec::new(),
            root: None,
            is_encrypted: false,
            last: RefCell::new(None),
        };
        document.look_through();
        if let Some(reason) = limits.refusal() {
            return Err(reason.to_owned());
        }
        if document.is_encrypted {
            return Err("the file is encrypted; save it without a password".to_owned());
        }
        // Some transfers fill a file up with zeros, which say nothing.
        let whole = without_filling(bytes);
        let tail = whole.get(whole.len().saturating_sub(TAIL)..).unwrap_or(whole);
        if find(tail, b"%%EOF").is_none() {
            return Err("the file is truncated: its end is missing".to_owned());
        }
        Ok(document)
    }

    fn look_through(&mut self) -> Option<()> {
        let mut at = 0;
        while let Some(found) = self.bytes.get(at..).and_then(next_mark) {
            let start = at.saturating_add(found.at);
            self.limits.work(found.at.saturating_add(1))?;
            at = start.saturating_add(found.length);
            if found.is_trailer {
                if let Some(Object::Dictionary(trailer)) = Lexer::new(self.bytes, at, self.limits).value() {
                    self.take_trailer(&trailer);
                }
            } else if let Some(id) = self.number_before(start) {
                if self.places.len() >= MAX_OBJECTS {
                    return self.limits.refuse("the file has more objects than any order");
                }
                self.places.insert(id, Place::File(at));
                if let Some(end) = self.look_at_object(at) {
                    at = end.max(at);
                }
            }
        }
        Some(())
    }

    /// The number of the object whose `obj` stands at `mark`: `12 0 obj`.
    fn number_before(&self, mark: usize) -> Option<u32> {
        let head = self.bytes.get(mark.saturating_sub(24)..mark)?;
        let mut words = head
            .rsplit(|byte| is_space(*byte))
            .filter(|word| !word.is_empty());
        let generation = words.next()?;
        if generation.len() > 5 || !generation.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let word = words.next()?;
        // What is glued to the number on its left, such as `endobj`, is no part of it.
        let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let number = word.get(word.len().saturating_sub(digits)..)?;
        std::str::from_utf8(number).ok()?.parse().ok()
    }

    /// Takes note of what an object tells of the others; the end of it, if it could be read.
    fn look_at_object(&mut self, at: usize) -> Option<usize> {
        let mut lexer = Lexer::new(self.bytes, at, self.limits);
        let Object::Dictionary(dictionary) = lexer.value()? else {
            return Some(lexer.at());
        };
        let Some((packed, end)) = self.data_of(&dictionary, lexer.clone()) else {
            return Some(lexer.at());
        };
        if dictionary.is_of_type("XRef") {
            self.take_trailer(&dictionary);
        } else if dictionary.is_of_type("ObjStm") && !self.is_encrypted {
            self.open_container(&dictionary, packed);
        }
        Some(end)
    }

    fn take_trailer(&mut self, trailer: &Dictionary) {
        self.is_encrypted |= trailer.get("Encrypt").is_some_and(|value| *value != Object::Null);
        if let Some(root) = trailer.get("Root") {
            self.root = Some(root.clone());
        }
    }

    /// The packed data that follows the dictionary of a stream, and where it ends.
    fn data_of(&self, dictionary: &Dictionary, mut lexer: Lexer<'a>) -> Option<(&'a [u8], usize)> {
        if lexer.next()? != Token::Word(b"stream".to_vec()) {
            return None;
        }
        let mut start = lexer.at();
        if self.bytes.get(start) == Some(&b'\r') {
            start = start.saturating_add(1);
        }
        if self.bytes.get(start) == Some(&b'\n') {
            start = start.saturating_add(1);
        }
        let rest = self.bytes.get(start..)?;
        let length = match dictionary.get("Length") {
            Some(Object::Reference(id)) => self.number_at(*id),
            Some(number) => number.whole(),
            None => None,
        };
        let is_end = |length: &usize| {
            let after = rest.get(*length..).unwrap_or_default();
            let after = after.strip_prefix(b"\r").unwrap_or(after);
            after
                .strip_prefix(b"\n")
                .unwrap_or(after)
                .starts_with(b"endstream")
        };
        let length = if let Some(length) = length.filter(is_end) {
            length
        } else {
            let length = find(rest, b"endstream");
            self.limits.work(length.unwrap_or(rest.len()))?;
            let data = rest.get(..length?)?;
            let data = data.strip_suffix(b"\n").unwrap_or(data);
            data.strip_suffix(b"\r").unwrap_or(data).len()
        };
        Some((rest.get(..length)?, start.saturating_add(length)))
    }

    /// The whole number that is an object of its own, as lengths may be.
    fn number_at(&self, id: u32) -> Option<usize> {
        match self.places.get(&id)? {
            Place::File(at) => Lexer::new(self.bytes, *at, self.limits).value()?.whole(),
            Place::Container(..) => None,
        }
    }

    /// Takes note of the objects in a stream.
    fn open_container(&mut self, dictionary: &Dictionary, packed: &[u8]) -> Option<()> {
        let filters = self.filters(dictionary)?;
        let plain = filters::unpack(packed, &filters, self.limits).ok()?;
        let kept: usize = self.containers.iter().map(Vec::len).sum();
        if kept.saturating_add(plain.len()) > MAX_KEPT {
            return self.limits.refuse(KEPT_TOO_MUCH);
        }
        let first: usize = dictionary.get("First")?.whole()?;
        let count: usize = dictionary.get("N")?.whole()?;
        let container = self.containers.len();
        let mut head = Lexer::of_content(plain.get(..first)?, self.limits);
        for _ in 0..count {
            let (id, offset) = (head.value()?.whole()?, head.value()?.whole::<usize>()?);
            if self.places.len() >= MAX_OBJECTS {
                return self.limits.refuse("the file has more objects than any order");
            }
            self.places
                .insert(id, Place::Container(container, first.saturating_add(offset)));
        }
        self.containers.push(plain);
        Some(())
    }

    /// The object of this number, unless it is a stream.
    fn object(&self, id: u32) -> Option<Object> {
        match self.places.get(&id)? {
            Place::File(at) => Lexer::new(self.bytes, *at, self.limits).value(),
            Place::Container(container, at) => {
                Lexer::new(self.containers.get(*container)?, *at, self.limits).value()
            }
        }
    }

    /// What a value stands for: itself, or the object that it refers to.
    pub(super) fn resolve(&self, value: &Object) -> Option<Object> {
        let Object::Reference(first) = value else {
            self.limits.work(value.weight())?;
            return Some(value.clone()).filter(|value| *value != Object::Null);
        };
        let mut id = *first;
        for _ in 0..MAX_LEVELS {
            match self.object(id)? {
                Object::Reference(next) => id = next,
                Object::Null => return None,
                value => return Some(value),
            }
        }
        None
    }

    /// The value of this name in a dictionary within a dictionary, such as a font in resources; not yet resolved.
    pub(super) fn named(&self, outer: &Dictionary, key: &str, name: &[u8]) -> Option<Object> {
        let resolved;
        let inner = match outer.get(key)? {
            Object::Dictionary(inner) => inner,
            other => {
                resolved = self.resolve(other)?.dictionary()?;
                &resolved
            }
        };
        self.limits.work(inner.len())?;
        let value = inner.by_name(name)?;
        self.limits.work(value.weight())?;
        Some(value.clone())
    }

    pub(super) fn get(&self, dictionary: &Dictionary, key: &str) -> Option<Object> {
        self.resolve(dictionary.get(key)?)
    }

    pub(super) fn dictionary(&self, dictionary: &Dictionary, key: &str) -> Option<Dictionary> {
        self.get(dictionary, key)?.dictionary()
    }

    /// The stream of this number.
    pub(super) fn stream(&self, id: u32) -> Option<Stream<'a>> {
        let Place::File(at) = *self.places.get(&id)? else {
            return None;
        };
        let mut lexer = Lexer::new(self.bytes, at, self.limits);
        let dictionary = lexer.value()?.dictionary()?;
        let (packed, _) = self.data_of(&dictionary, lexer)?;
        Some(Stream { dictionary, packed })
    }

    /// The plain data of a stream.
    pub(super) fn unpack(&self, id: u32, stream: &Stream<'_>) -> Result<Rc<Vec<u8>>, Fault> {
        if let Some((_, data)) = self.last.borrow().as_ref().filter(|(last, _)| *last == id) {
            return Ok(Rc::clone(data));
        }
        let filters = self.filters(&stream.dictionary).ok_or(Fault::Damaged)?;
        let data = Rc::new(filters::unpack(stream.packed, &filters, self.limits)?);
        self.last.replace(Some((id, Rc::clone(&data))));
        Ok(data)
    }

    fn filters(&self, dictionary: &Dictionary) -> Option<Vec<(Vec<u8>, Dictionary)>> {
        const MAX_FILTERS: usize = 8;
        let listed = |value: Option<Object>| match value {
            None => Vec::new(),
            Some(Object::Array(values)) => values,
            Some(value) => vec![value],
        };
        let names = listed(self.get(dictionary, "Filter"));
        let parameters = listed(
            self.get(dictionary, "DecodeParms")
                .or_else(|| self.get(dictionary, "DP")),
        );
        if names.len() > MAX_FILTERS {
            return None;
        }
        let of_filter = |(position, name): (usize, &Object)| {
            let own = parameters
                .get(position)
                .and_then(|value| self.resolve(value)?.dictionary());
            Some((self.resolve(name)?.name()?.to_vec(), own.unwrap_or_default()))
        };
        names.iter().enumerate().map(of_filter).collect()
    }

    /// The pages, in order.
    ///
    /// # Errors
    /// Why there are none to be read.
    pub(super) fn pages(&self) -> Result<Vec<PageNode>, String> {
        let root = self
            .root
            .as_ref()
            .and_then(|root| self.resolve(root))
            .or_else(|| self.any_catalog())
            .and_then(Object::dictionary);
        let tree = root.and_then(|root| root.get("Pages").cloned());
        let mut pages = Vec::new();
        let mut seen = HashSet::new();
        if let Some(tree) = tree {
            self.walk(&tree, None, &mut seen, &mut pages, 0)?;
        }
        if let Some(reason) = self.limits.refusal() {
            return Err(reason.to_owned());
        }
        if pages.is_empty() {
            return Err("the file is damaged: it has no pages".to_owned());
        }
        Ok(pages)
    }

    /// A catalogue, where no trailer names it.
    fn any_catalog(&self) -> Option<Object> {
        let mut ids: Vec<u32> = self.places.keys().copied().collect();
        ids.sort_unstable();
        ids.into_iter().rev().find_map(|id| match self.object(id)? {
            Object::Dictionary(dictionary) if dictionary.is_of_type("Catalog") => {
                Some(Object::Dictionary(dictionary))
            }
            _ => None,
        })
    }

    fn walk(
        &self,
        node: &Object,
        resources: Option<&Rc<Dictionary>>,
        seen: &mut HashSet<u32>,
        pages: &mut Vec<PageNode>,
        level: usize,
    ) -> Result<(), String> {
        if let Object::Reference(id) = node
            && !seen.insert(*id)
        {
            return Err("the file is damaged: its page tree leads in a circle".to_owned());
        }
        if level > MAX_LEVELS {
            return Err("the file's page tree is too deep".to_owned());
        }
        let Some(node) = self.resolve(node).and_then(Object::dictionary) else {
            return Err("the file is damaged: a page is missing".to_owned());
        };
        let own = self.dictionary(&node, "Resources").map(Rc::new);
        let resources = own.as_ref().or(resources);
        if let Some(kids) = self.get(&node, "Kids") {
            for kid in kids.array().unwrap_or_default() {
                self.walk(&kid, resources, seen, pages, level.saturating_add(1))?;
            }
            return Ok(());
        }
        if pages.len() == MAX_PAGES {
            return Err(format!("the document has more than {MAX_PAGES} pages"));
        }
        let contents = match node.get("Contents") {
            None | Some(Object::Null) => Vec::new(),
            Some(Object::Array(parts)) => parts.clone(),
            // One stream, or an array of them that is an object of its own.
            Some(Object::Reference(id)) => match self.object(*id) {
                Some(Object::Array(parts)) => parts,
                _ => vec![Object::Reference(*id)],
            },
            Some(_) => return Err("the file is damaged: a page has no content".to_owned()),
        };
        pages.push(PageNode {
            contents,
            resources: resources.map(Rc::clone).unwrap_or_default(),
        });
        Ok(())
    }
}

/// A page: the streams that draw it, and the fonts and forms they use.
#[derive(Debug)]
pub(super) struct PageNode {
    pub(super) contents: Vec<Object>,
    pub(super) resources: Rc<Dictionary>,
}

struct Mark {
    at: usize,
    length: usize,
    is_trailer: bool,
}

/// The next `obj` or `trailer`.
fn next_mark(bytes: &[u8]) -> Option<Mark> {
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let step = rest.iter().position(|byte| matches!(byte, b'o' | b't'))?;
        let at = from.saturating_add(step);
        let here = bytes.get(at..)?;
        for (word, is_trailer) in [(b"obj".as_slice(), false), (b"trailer".as_slice(), true)] {
            if here.starts_with(word) {
                return Some(Mark {
                    at,
                    length: word.len(),
                    is_trailer,
                });
            }
        }
        from = at.saturating_add(1);
    }
}

/// The bytes without the zeros and line ends behind them.
fn without_filling(bytes: &[u8]) -> &[u8] {
    let is_filling = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let length = bytes
        .iter()
        .rposition(|byte| !is_filling(byte))
        .map_or(0, |last| last.saturating_add(1));
    bytes.get(..length).unwrap_or_default()
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut from = 0;
    loop {
        let step = bytes.get(from..)?.iter().position(|byte| *byte == first)?;
        let at = from.saturating_add(step);
        if bytes.get(at..)?.starts_with(word) {
            return Some(at);
        }
        from = at.saturating_add(1);
    }
}
