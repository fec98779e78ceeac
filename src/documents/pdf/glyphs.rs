//! Carries out what the content of a page says, as far as it places text: every glyph with its place.

use std::collections::HashMap;
use std::rc::Rc;

use super::document::{Document, PageNode};
use super::filters::Fault;
use super::fixed::{Fixed, Matrix};
use super::font::Font;
use super::lexer::{Lexer, Token, is_space};
use super::limits::{MAX_FORMS, MAX_STATES};
use super::object::{Dictionary, Object};
use super::rules::{Edge, Path};

/// A placed glyph: its text is a stretch of [`Glyphs::text`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where its baseline starts, in hundredths of a point.
    pub(super) x: i64,
    pub(super) y: i64,
    /// From there to where the next glyph starts.
    pub(super) dx: i64,
    pub(super) dy: i64,
    /// The size of the font.
    pub(super) em: i64,
}

/// What stands on a page.
#[derive(Debug, Default)]
pub(super) struct Glyphs {
    pub(super) text: String,
    pub(super) glyphs: Vec<Glyph>,
    /// Glyphs of which no text is known.
    pub(super) unreadable: usize,
    /// What is drawn straight.
    pub(super) edges: Vec<Edge>,
}

#[derive(Debug, Clone)]
struct State {
    font: Rc<Font>,
    size: Fixed,
    character_spacing: Fixed,
    word_spacing: Fixed,
    scale: Fixed,
    leading: Fixed,
    rise: Fixed,
    matrix: Matrix,
}

/// Reads pages; fonts are kept from one to the next.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    document: &'a Document<'a>,
    fonts: HashMap<u32, Rc<Font>>,
    out: Glyphs,
}

/// So many operands are kept of one operator; the rest of a longer list is dropped.
const MAX_OPERANDS: usize = 64;
/// Fonts that are kept.
const MAX_FONTS: usize = 64;

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Document<'a>) -> Self {
        Self {
            document,
            fonts: HashMap::new(),
            out: Glyphs::default(),
        }
    }

    /// The glyphs of a page.
    ///
    /// # Errors
    /// If its content is damaged. A limit that is passed is told by the limits.
    pub(super) fn page(&mut self, page: &PageNode) -> Result<Glyphs, Fault> {
        let mut content = Vec::new();
        for part in &page.contents {
            let Object::Reference(id) = part else {
                return Err(Fault::Damaged);
            };
            let stream = self.document.stream(*id).ok_or(Fault::Damaged)?;
            let part = self.document.unpack(*id, &stream)?;
            // The parts are one content, cut between any two words.
            content.push(b'\n');
            content.extend_from_slice(&part);
            if content.len() > super::limits::MAX_UNPACKED {
                let _: Option<()> = self
                    .document
                    .limits
                    .refuse("a page has more content than any order needs");
                return Err(Fault::TooMuch);
            }
        }
        let start = State {
            font: Rc::new(Font::unknown()),
            size: Fixed::ZERO,
            character_spacing: Fixed::ZERO,
            word_spacing: Fixed::ZERO,
            scale: Fixed::ONE,
            leading: Fixed::ZERO,
            rise: Fixed::ZERO,
            matrix: Matrix::IDENTITY,
        };
        self.run(&content, &page.resources, start, 0)?;
        Ok(std::mem::take(&mut self.out))
    }

    fn run(&mut self, content: &[u8], resources: &Dictionary, state: State, level: u32) -> Result<(), Fault> {
        let limits = self.document.limits;
        let mut lexer = Lexer::of_content(content, limits);
        let mut run = Run {
            state,
            saved: Vec::new(),
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
            path: Path::default(),
        };
        let mut operands: Vec<Object> = Vec::new();
        loop {
            let before = lexer.at();
            match lexer.next() {
                Some(Token::Value(value)) => {
                    if operands.len() < MAX_OPERANDS {
                        operands.push(value);
                    }
                }
                Some(Token::Word(word)) => {
                    if word == b"Do" {
                        self.form(&operands, resources, &run.state, level)?;
                    } else if word == b"BI" {
                        skip_inline_image(&mut lexer, limits);
                    } else if self.draw(&word, &operands, &mut run).is_none() {
                        self.operate(&word, &operands, resources, &mut run);
                    }
                    operands.clear();
                }
                None if limits.refusal().is_some() => return Err(Fault::TooMuch),
                None => {
                    lexer.skip_space();
                    if lexer.at() >= content.len() && before_is_blank(content, before) {
                        return Ok(());
                    }
                    // What cannot be read would be an item that nobody sees.
                    return Err(Fault::Damaged);
                }
            }
        }
    }

    fn operate(
        &mut self,
        word: &[u8],
        operands: &[Object],
        resources: &Dictionary,
        run: &mut Run,
    ) -> Option<()> {
        let number = |place: usize| operands.get(place).and_then(Object::number);
        match word {
            b"q" if run.saved.len() < MAX_STATES => run.saved.push(run.state.clone()),
            b"Q" => run.state = run.saved.pop()?,
            b"cm" => run.state.matrix = matrix_of(operands)?.then(run.state.matrix),
            b"BT" => (run.text, run.line) = (Matrix::IDENTITY, Matrix::IDENTITY),
            b"Tf" => {
                run.state.size = number(1)?;
                run.state.font = self.font(operands.first()?.name()?, resources);
            }
            b"Tc" => run.state.character_spacing = number(0)?,
            b"Tw" => run.state.word_spacing = number(0)?,
            b"Tz" => run.state.scale = number(0)?.thousandths().times(Fixed::of(10)),
            b"TL" => run.state.leading = number(0)?,
            b"Ts" => run.state.rise = number(0)?,
            b"Tm" => {
                run.line = matrix_of(operands)?;
                run.text = run.line;
            }
            b"Td" => run.move_line(number(0)?, number(1)?),
            b"TD" => {
                run.state.leading = number(1)?.negative();
                run.move_line(number(0)?, number(1)?);
            }
            b"T*" => run.next_line(),
            b"Tj" => self.show(operands.first()?, run),
            b"'" => {
                run.next_line();
                self.show(operands.first()?, run);
            }
            b"\"" => {
                run.state.word_spacing = number(0)?;
                run.state.character_spacing = number(1)?;
                run.next_line();
                self.show(operands.get(2)?, run);
            }
            b"TJ" => {
                let Object::Array(parts) = operands.first()? else {
                    return None;
                };
                for part in parts {
                    match part {
                        Object::Number(back) => {
                            let step = back.thousandths().times(run.state.size).negative();
                            run.advance(step.times(run.state.scale));
                        }
                        part => self.show(part, run),
                    }
                }
            }
            b"gs" => {
                let name = operands.first()?.name()?;
                let state = self.document.named(resources, "ExtGState", name)?;
                let state = self.document.resolve(&state)?;
                let font = self.document.get(&state.dictionary()?, "Font")?.array()?;
                run.state.size = font.get(1)?.number()?;
                run.state.font = self.font_of(font.first()?);
            }
            _ => {}
        }
        Some(())
    }

    /// What makes and draws paths; `None` if the word does neither.
    fn draw(&mut self, word: &[u8], operands: &[Object], run: &mut Run) -> Option<()> {
        let number = |place: usize| operands.get(place).and_then(Object::number);
        // The last two numbers are the place that is gone to.
        let place = || {
            let x = operands.len().checked_sub(2)?;
            Some((number(x)?, number(x.saturating_add(1))?))
        };
        let matrix = run.state.matrix;
        match word {
            b"m" => run.path.move_to(place()?, matrix),
            b"l" => run.path.line_to(place()?, matrix),
            b"c" | b"v" | b"y" => run.path.curve_to(place()?, matrix),
            b"re" => {
                let sides = [number(0)?, number(1)?, number(2)?, number(3)?];
                run.path.rectangle(sides, matrix);
            }
            b"h" => run.path.close(),
            b"s" | b"b" | b"b*" => {
                run.path.close();
                run.path.draw(&mut self.out.edges);
            }
            b"S" | b"f" | b"F" | b"f*" | b"B" | b"B*" => run.path.draw(&mut self.out.edges),
            b"n" => run.path.drop(),
            _ => return None,
        }
        Some(())
    }

    fn font(&mut self, name: &[u8], resources: &Dictionary) -> Rc<Font> {
        match self.document.named(resources, "Font", name) {
            Some(font) => self.font_of(&font),
            None => Rc::new(Font::unknown()),
        }
    }

    fn font_of(&mut self, font: &Object) -> Rc<Font> {
        let id = match font {
            Object::Reference(id) => Some(*id),
            _ => None,
        };
        if let Some(font) = id.and_then(|id| self.fonts.get(&id)) {
            return Rc::clone(font);
        }
        let read = match self.document.resolve(font).and_then(Object::dictionary) {
            Some(dictionary) => Font::read(self.document, &dictionary),
            None => Font::unknown(),
        };
        let read = Rc::new(read);
        if let Some(id) = id {
            if self.fonts.len() >= MAX_FONTS {
                self.fonts.clear();
            }
            self.fonts.insert(id, Rc::clone(&read));
        }
        read
    }

    fn show(&mut self, text: &Object, run: &mut Run) {
        let Object::Text(text) = text else { return };
        let font = Rc::clone(&run.state.font);
        for code in font.codes(text) {
            if self.document.limits.glyph().is_none() {
                return;
            }
            let state = &run.state;
            let mut width = code.width.thousandths().times(state.size);
            let own = width;
            width = width.plus(state.character_spacing);
            if code.is_space {
                width = width.plus(state.word_spacing);
            }
            let place = Matrix::moved(Fixed::ZERO, state.rise)
                .then(run.text)
                .then(state.matrix);
            let [right, up, origin] = place.rows();
            let own = own.times(state.scale);
            let start = self.out.text.len();
            font.append(code.value, &mut self.out.text);
            let end = self.out.text.len();
            if start == end {
                self.out.unreadable = self.out.unreadable.saturating_add(1);
            } else {
                let height = up.0.abs().max(up.1.abs());
                self.out.glyphs.push(Glyph {
                    start,
                    end,
                    x: origin.0.hundredths(),
                    y: origin.1.hundredths(),
                    dx: own.times(right.0).hundredths(),
                    dy: own.times(right.1).hundredths(),
                    em: state.size.abs().times(height).hundredths(),
                });
            }
            run.advance(width.times(run.state.scale));
        }
    }

    /// Draws a form, which is content of its own.
    fn form(
        &mut self,
        operands: &[Object],
        resources: &Dictionary,
        state: &State,
        level: u32,
    ) -> Result<(), Fault> {
        let name = operands.first().and_then(Object::name);
        let form = name.and_then(|name| self.document.named(resources, "XObject", name));
        let id = match form {
            Some(Object::Reference(id)) => Some(id),
            _ => None,
        };
        // Every drawing costs something, or forms of nothing but forms would be free.
        self.document.limits.work(100).ok_or(Fault::TooMuch)?;
        let Some((id, stream)) = id.and_then(|id| Some((id, self.document.stream(id)?))) else {
            return Ok(());
        };
        let kind = self.document.get(&stream.dictionary, "Subtype");
        if kind.as_ref().and_then(Object::name) != Some(b"Form") {
            return Ok(());
        }
        if level >= MAX_FORMS {
            let reason = "the file draws forms within forms without end";
            let _: Option<()> = self.document.limits.refuse(reason);
            return Err(Fault::TooMuch);
        }
        let content = self.document.unpack(id, &stream)?;
        let own = self.document.dictionary(&stream.dictionary, "Resources");
        let mut state = state.clone();
        let matrix = self
            .document
            .get(&stream.dictionary, "Matrix")
            .and_then(Object::array)
            .and_then(|values| matrix_of(&values));
        if let Some(matrix) = matrix {
            state.matrix = matrix.then(state.matrix);
        }
        let resources = own.as_ref().unwrap_or(resources);
        self.run(&content, resources, state, level.saturating_add(1))
    }
}

/// Where the carrying out of one content stands.
struct Run {
    state: State,
    saved: Vec<State>,
    text: Matrix,
    line: Matrix,
    path: Path,
}

impl Run {
    fn move_line(&mut self, x: Fixed, y: Fixed) {
        self.line = Matrix::moved(x, y).then(self.line);
        self.text = self.line;
    }

    fn next_line(&mut self) {
        self.move_line(Fixed::ZERO, self.state.leading.negative());
    }

    fn advance(&mut self, x: Fixed) {
        self.text = Matrix::moved(x, Fixed::ZERO).then(self.text);
    }
}

fn matrix_of(operands: &[Object]) -> Option<Matrix> {
    let mut numbers = [Fixed::ZERO; 6];
    for (place, operand) in numbers.iter_mut().zip(operands) {
        *place = operand.number()?;
    }
    (operands.len() >= 6).then_some(Matrix(numbers))
}

/// True if nothing but white space and comments is left.
fn before_is_blank(content: &[u8], from: usize) -> bool {
    let rest = content.get(from..).unwrap_or_default();
    let first = rest.iter().find(|byte| !is_space(**byte));
    first.is_none_or(|byte| *byte == b'%')
}

/// Moves behind an image that stands in the content itself: `BI … ID data EI`.
fn skip_inline_image(lexer: &mut Lexer<'_>, limits: &super::limits::Limits) -> Option<()> {
    while lexer.next()? != Token::Word(b"ID".to_vec()) {}
    let data = lexer.bytes().get(lexer.at()..)?;
    let end = data.windows(4).position(|window| match window {
        [before, b'E', b'I', after] => is_space(*before) && is_space(*after),
        _ => false,
    });
    limits.work(end.unwrap_or(data.len()))?;
    let end = end.map_or(data.len(), |end| end.saturating_add(3));
    lexer.move_to(lexer.at().saturating_add(end).min(lexer.bytes().len()));
    Some(())
}
