//! Writes small PDFs by hand: pages of placed text, packed in several ways; and anything at all, for broken ones.

use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, write::ZlibEncoder};

/// How the content of pages is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Flate,
    Ascii85Flate,
    /// Flate, with all that is no stream in a packed stream of its own.
    ObjectStream,
}

/// How the text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lettering {
    /// One byte a character, in a font that every reader knows.
    WinAnsi,
    /// Two bytes a glyph, which a map turns into text.
    Glyphs,
}

/// A text at a place, in points from the lower left corner.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) size: u32,
    pub(crate) text: String,
}

/// A document of text.
#[derive(Debug, Clone)]
pub(crate) struct Pdf {
    pub(crate) packing: Packing,
    pub(crate) lettering: Lettering,
    pub(crate) pages: Vec<Vec<Placed>>,
    /// What is drawn across each page.
    pub(crate) rules: Vec<Vec<Rule>>,
}

/// A line from left to right, in points from the lower left corner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) y: u32,
}

impl Default for Pdf {
    fn default() -> Self {
        Self {
            packing: Packing::Plain,
            lettering: Lettering::WinAnsi,
            pages: Vec::new(),
            rules: Vec::new(),
        }
    }
}

impl Pdf {
    /// Adds a page of lines, each of cells with their place from the left.
    pub(crate) fn page(&mut self, lines: &[Vec<(u32, String)>]) {
        const TOP: u32 = 800;
        const STEP: u32 = 12;
        let placed = |(row, line): (usize, &Vec<(u32, String)>)| {
            let y = TOP - STEP * u32::try_from(row).unwrap();
            line.iter()
                .map(move |(x, text)| Placed {
                    x: *x,
                    y,
                    size: 8,
                    text: text.clone(),
                })
                .collect::<Vec<_>>()
        };
        self.pages
            .push(lines.iter().enumerate().flat_map(placed).collect());
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut file = Objects::default();
        file.plain(1, "<< /Type /Catalog /Pages 2 0 R >>");
        let first = 10;
        let kids: Vec<String> = (0..self.pages.len())
            .map(|page| format!("{} 0 R", first + 2 * page))
            .collect();
        file.plain(
            2,
            &format!(
                "<< /Type /Pages /Count {} /Kids [{}] /Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842] >>",
                kids.len(),
                kids.join(" ")
            ),
        );
        self.font(&mut file);
        for (index, page) in self.pages.iter().enumerate() {
            let id = u32::try_from(first + 2 * index).unwrap();
            file.plain(
                id,
                &format!("<< /Type /Page /Parent 2 0 R /Contents {} 0 R >>", id + 1),
            );
            let mut content = self.content(page);
            for Rule { from, to, y } in self.rules.get(index).into_iter().flatten() {
                writeln!(content, "{from} {y} m {to} {y} l S").unwrap();
            }
            match self.packing {
                Packing::Plain => file.stream(id + 1, "", &content),
                Packing::Flate | Packing::ObjectStream => {
                    file.stream(id + 1, "/Filter /FlateDecode", &deflated(&content));
                }
                Packing::Ascii85Flate => file.stream(
                    id + 1,
                    "/Filter [/ASCII85Decode /FlateDecode]",
                    &ascii85(&deflated(&content)),
                ),
            }
        }
        match self.packing {
            Packing::ObjectStream => file.finish_packed(),
            _ => file.finish(),
        }
    }

    fn font(&self, file: &mut Objects) {
        match self.lettering {
            Lettering::WinAnsi => file.plain(
                3,
                "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            ),
            Lettering::Glyphs => {
                file.plain(
                    3,
                    "<< /Type /Font /Subtype /Type0 /BaseFont /ABCDEF+Example /Encoding /Identity-H \
                     /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
                );
                file.plain(
                    4,
                    "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /ABCDEF+Example /DW 500 /W [3 [278]] >>",
                );
                let map = "1 begincodespacerange <0000> <FFFF> endcodespacerange\n\
                           2 beginbfrange <0003> <00E2> <0020> <0100> <1FFF> <0100> endbfrange\n\
                           1 beginbfchar <3000> <20B9> endbfchar\n";
                file.stream(5, "", map.as_bytes());
            }
        }
    }

    fn content(&self, page: &[Placed]) -> Vec<u8> {
        let mut out = Vec::from(&b"BT\n"[..]);
        for placed in page {
            let Placed { x, y, size, text } = placed;
            out.extend(format!("/F1 {size} Tf 1 0 0 1 {x} {y} Tm ").into_bytes());
            match self.lettering {
                Lettering::WinAnsi => {
                    out.push(b'(');
                    for character in text.chars() {
                        let code = u8::try_from(u32::from(character)).unwrap_or(b'?');
                        if matches!(code, b'(' | b')' | b'\\') {
                            out.push(b'\\');
                        }
                        out.push(code);
                    }
                    out.extend(b") Tj\n");
                }
                Lettering::Glyphs => {
                    out.push(b'<');
                    for character in text.chars() {
                        let glyph = match u32::from(character) {
                            0x20b9 => 0x3000,
                            code @ 0x20..0x100 => code - 0x1d,
                            code => code,
                        };
                        out.extend(format!("{glyph:04X}").into_bytes());
                    }
                    out.extend(b"> Tj\n");
                }
            }
        }
        out.extend(b"ET\n");
        out
    }
}

/// The objects of a file, whatever they are.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    objects: Vec<(u32, Vec<u8>, bool)>,
    pub(crate) trailer: String,
}

impl Objects {
    pub(crate) fn plain(&mut self, id: u32, body: &str) {
        self.objects.push((id, body.as_bytes().to_vec(), false));
    }

    /// A stream; its length is added to what stands in its dictionary.
    pub(crate) fn stream(&mut self, id: u32, dictionary: &str, data: &[u8]) {
        let mut body = format!("<< {dictionary} /Length {} >>\nstream\n", data.len()).into_bytes();
        body.extend(data);
        body.extend(b"\nendstream");
        self.objects.push((id, body, true));
    }

    /// The file, with a table of where its objects are. The catalogue is object 1.
    pub(crate) fn finish(&self) -> Vec<u8> {
        let mut out = Vec::from(&b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"[..]);
        let mut places = Vec::new();
        for (id, body, _) in &self.objects {
            places.push((*id, out.len()));
            append(&mut out, *id, body);
        }
        let start = out.len();
        out.extend(b"xref\n0 1\n0000000000 65535 f \n");
        for (id, place) in &places {
            out.extend(format!("{id} 1\n{place:010} 00000 n \n").into_bytes());
        }
        let size = places.iter().map(|(id, _)| id + 1).max().unwrap_or(1);
        let more = &self.trailer;
        out.extend(
            format!("trailer\n<< /Size {size} /Root 1 0 R {more} >>\nstartxref\n{start}\n%%EOF\n")
                .into_bytes(),
        );
        out
    }

    /// The file as it is written since PDF 1.5: objects and their table in packed streams.
    pub(crate) fn finish_packed(&self) -> Vec<u8> {
        let packed: Vec<_> = self.objects.iter().filter(|(.., is_stream)| !is_stream).collect();
        let (mut head, mut bodies) = (String::new(), Vec::new());
        for (id, body, _) in &packed {
            write!(head, "{id} {} ", bodies.len()).unwrap();
            bodies.extend(body);
            bodies.push(b' ');
        }
        let first = head.len();
        let container = self.objects.iter().map(|(id, ..)| id + 1).max().unwrap_or(1);
        let mut out = Vec::from(&b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"[..]);
        let mut entries = vec![(0, [0, 0, 65_535])];
        for (id, body, _) in self.objects.iter().filter(|(.., is_stream)| *is_stream) {
            entries.push((*id, [1, out.len(), 0]));
            append(&mut out, *id, body);
        }
        for (index, (id, ..)) in packed.iter().enumerate() {
            entries.push((*id, [2, usize::try_from(container).unwrap(), index]));
        }
        entries.push((container, [1, out.len(), 0]));
        let data = deflated(&[head.as_bytes(), &bodies].concat());
        let mut streams = Self::default();
        let dictionary = format!(
            "/Type /ObjStm /N {} /First {first} /Filter /FlateDecode",
            packed.len()
        );
        streams.stream(container, &dictionary, &data);
        append(&mut out, container, &streams.objects[0].1);
        let start = out.len();
        entries.push((container + 1, [1, start, 0]));
        entries.sort_unstable();
        let (mut index, mut table) = (String::new(), Vec::new());
        for (id, [kind, place, rest]) in entries {
            write!(index, "{id} 1 ").unwrap();
            table.push(u8::try_from(kind).unwrap());
            table.extend(u32::try_from(place).unwrap().to_be_bytes());
            table.extend(u16::try_from(rest).unwrap().to_be_bytes());
        }
        let dictionary = format!(
            "/Type /XRef /Size {} /W [1 4 2] /Index [{index}] /Root 1 0 R {}",
            container + 2,
            self.trailer
        );
        streams.stream(container + 1, &dictionary, &table);
        append(&mut out, container + 1, &streams.objects[1].1);
        out.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
        out
    }
}

fn append(out: &mut Vec<u8>, id: u32, body: &[u8]) {
    out.extend(format!("{id} 0 obj\n").into_bytes());
    out.extend(body);
    out.extend(b"\nendobj\n");
}

pub(crate) fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// So many zeros, packed, without ever being held.
pub(crate) fn deflated_zeros(count: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..count / zeros.len() {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

pub(crate) fn ascii85(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in data.chunks(4) {
        let mut group = [0; 4];
        group[..chunk.len()].copy_from_slice(chunk);
        let mut value = u32::from_be_bytes(group);
        if value == 0 && chunk.len() == 4 {
            out.push(b'z');
            continue;
        }
        let mut digits = [0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = b'!' + u8::try_from(value % 85).unwrap();
            value /= 85;
        }
        out.extend(&digits[..=chunk.len()]);
    }
    out.extend(b"~>");
    out
}
