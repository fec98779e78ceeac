//! Unpacks the data of streams, within a limit.

use std::io::{self, Read as _};

use flate2::read::ZlibDecoder;

use super::lexer::{hex_digit, is_space};
use super::limits::{Limits, MAX_UNPACKED};
use super::object::{Dictionary, Object};

/// Why the data of a stream cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The packed data is broken.
    Damaged,
    /// It is packed in a way that no text is.
    Unsupported,
    /// A limit is passed, which the limits tell.
    TooMuch,
}

/// The plain data of a stream with these filters, each with its parameters.
pub(super) fn unpack(
    packed: &[u8],
    filters: &[(Vec<u8>, Dictionary)],
    limits: &Limits,
) -> Result<Vec<u8>, Fault> {
    let mut data = None;
    for (filter, parameters) in filters {
        let input: &[u8] = data.as_deref().unwrap_or(packed);
        limits.work(input.len()).ok_or(Fault::TooMuch)?;
        let output = match filter.as_slice() {
            b"FlateDecode" | b"Fl" => predicted(inflate(input, limits)?, parameters)?,
            b"LZWDecode" | b"LZW" => predicted(expand_lzw(input, parameters)?, parameters)?,
            b"ASCII85Decode" | b"A85" => ascii85(input)?,
            b"ASCIIHexDecode" | b"AHx" => ascii_hex(input)?,
            b"RunLengthDecode" | b"RL" => run_length(input)?,
            _ => return Err(Fault::Unsupported),
        };
        limits.work(output.len()).ok_or(Fault::TooMuch)?;
        data = Some(output);
    }
    let data = data.unwrap_or_else(|| packed.to_vec());
    if data.len() > MAX_UNPACKED {
        return too_much(limits);
    }
    Ok(data)
}

fn too_much<T>(limits: &Limits) -> Result<T, Fault> {
    let _: Option<()> = limits.refuse("a part of the file unpacks to more than any order needs");
    Err(Fault::TooMuch)
}

/// Unpacks twice: memory is taken for what comes out, once it is known to be no more than an order needs. A buffer that
/// grows with what comes would take three times as much, of which the allocator keeps a share for every thread.
fn inflate(input: &[u8], limits: &Limits) -> Result<Vec<u8>, Fault> {
    let bound = u64::try_from(MAX_UNPACKED).unwrap_or(u64::MAX).saturating_add(1);
    let unpack = || ZlibDecoder::new(input).take(bound);
    let length = io::copy(&mut unpack(), &mut io::sink());
    let length = usize::try_from(length.map_err(|_| Fault::Damaged)?).unwrap_or(usize::MAX);
    if length > MAX_UNPACKED {
        return too_much(limits);
    }
    let mut output = Vec::with_capacity(length);
    unpack().read_to_end(&mut output).map_err(|_| Fault::Damaged)?;
    Ok(output)
}

fn ascii_hex(input: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::with_capacity(input.len() / 2);
    let mut high = None;
    for byte in input.iter().copied().filter(|byte| !is_space(*byte)) {
        if byte == b'>' {
            break;
        }
        let digit = hex_digit(byte).ok_or(Fault::Damaged)?;
        match high.take() {
            Some(high) => output.push(high << 4 | digit),
            None => high = Some(digit),
        }
    }
    output.extend(high.map(|high: u8| high << 4));
    Ok(output)
}

fn ascii85(input: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::with_capacity(input.len());
    let mut group: Vec<u8> = Vec::with_capacity(5);
    for byte in input.iter().copied().filter(|byte| !is_space(*byte)) {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => output.extend([0; 4]),
            b'!'..=b'u' => group.push(byte.saturating_sub(b'!')),
            _ => return Err(Fault::Damaged),
        }
        if group.len() == 5 {
            output.extend(bytes_of_group(&group)?);
            group.clear();
        }
    }
    match group.len() {
        0 => {}
        1 => return Err(Fault::Damaged),
        length => {
            group.resize(5, 84);
            output.extend(bytes_of_group(&group)?.iter().take(length.saturating_sub(1)));
        }
    }
    Ok(output)
}

fn bytes_of_group(group: &[u8]) -> Result<[u8; 4], Fault> {
    let value = group.iter().fold(0_u64, |value, digit| {
        value.saturating_mul(85).saturating_add(u64::from(*digit))
    });
    Ok(u32::try_from(value).map_err(|_| Fault::Damaged)?.to_be_bytes())
}

fn run_length(input: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::new();
    let mut rest = input;
    while let Some((length, after)) = rest.split_first() {
        let length = usize::from(*length);
        match length {
            128 => break,
            0..128 => {
                let (run, after) = after
                    .split_at_checked(length.saturating_add(1))
                    .ok_or(Fault::Damaged)?;
                output.extend(run);
                rest = after;
            }
            _ => {
                let (byte, after) = after.split_first().ok_or(Fault::Damaged)?;
                output.extend(std::iter::repeat_n(*byte, 257_usize.saturating_sub(length)));
                rest = after;
            }
        }
        if output.len() > MAX_UNPACKED {
            return Err(Fault::Damaged);
        }
    }
    Ok(output)
}

fn expand_lzw(input: &[u8], parameters: &Dictionary) -> Result<Vec<u8>, Fault> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    let early: usize = parameters.get("EarlyChange").and_then(Object::whole).unwrap_or(1);
    let mut output: Vec<u8> = Vec::new();
    // Each code stands for a stretch of the output: where it starts and how long it is.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let mut previous: Option<(usize, usize)> = None;
    let (mut bits, mut count) = (0_usize, 0_u32);
    let mut width = 9_u32;
    for byte in input {
        bits = bits << 8 | usize::from(*byte);
        count = count.saturating_add(8);
        if count < width {
            continue;
        }
        count = count.saturating_sub(width);
        let code = bits >> count & ((1 << width) - 1);
        bits &= (1 << count) - 1;
        if code == END {
            return Ok(output);
        }
        if code == CLEAR {
            table.clear();
            previous = None;
            width = 9;
            continue;
        }
        let start = output.len();
        if let Ok(byte) = u8::try_from(code) {
            output.push(byte);
        } else {
            let next = table.len().saturating_add(258);
            let (from, length) = match table.get(code.saturating_sub(258)) {
                Some(entry) => *entry,
                // The code that is only now coming to be: the stretch before and its own first byte.
                None if code == next => {
                    let (from, length) = previous.ok_or(Fault::Damaged)?;
                    (from, length.saturating_add(1))
                }
                None => return Err(Fault::Damaged),
            };
            for at in from..from.saturating_add(length) {
                let byte = *output.get(at).ok_or(Fault::Damaged)?;
                output.push(byte);
            }
        }
        if let Some((from, length)) = previous
            && table.len() < 4096 - 258
        {
            table.push((from, length.saturating_add(1)));
        }
        previous = Some((start, output.len().saturating_sub(start)));
        // The entry that this code will complete counts already.
        width = match table.len().saturating_add(258).saturating_add(early) {
            0..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        if output.len() > MAX_UNPACKED {
            return Err(Fault::Damaged);
        }
    }
    Ok(output)
}

/// Undoes a predictor, which stores what differs from the neighbouring bytes.
fn predicted(data: Vec<u8>, parameters: &Dictionary) -> Result<Vec<u8>, Fault> {
    let parameter = |name: &str, usual: usize| match parameters.get(name) {
        None => Some(usual),
        Some(value) => value.whole().filter(|value| (1..=65_536).contains(value)),
    };
    let read = || {
        Some((
            parameter("Predictor", 1)?,
            parameter("Colors", 1)?,
            parameter("BitsPerComponent", 8)?,
            parameter("Columns", 1)?,
        ))
    };
    let (predictor, colors, bits, columns) = read().ok_or(Fault::Damaged)?;
    if predictor == 1 {
        return Ok(data);
    }
    if predictor < 10 || bits > 16 || colors > 32 {
        return Err(Fault::Unsupported);
    }
    let pixel = colors.saturating_mul(bits).div_ceil(8);
    let row_length = colors.saturating_mul(bits).saturating_mul(columns).div_ceil(8);
    let mut output = Vec::with_capacity(data.len());
    let mut above = vec![0_u8; row_length];
    for row in data.chunks(row_length.saturating_add(1)) {
        let (kind, stored) = row.split_first().ok_or(Fault::Damaged)?;
        let mut plain: Vec<u8> = Vec::with_capacity(row_length);
        for (at, byte) in stored.iter().enumerate() {
            let before = |row: &[u8]| {
                at.checked_sub(pixel)
                    .and_then(|at| row.get(at).copied())
                    .unwrap_or(0)
            };
            let (left, up, corner) = (
                before(&plain),
                above.get(at).copied().unwrap_or(0),
                before(&above),
            );
            let prediction = match kind {
                0 => 0,
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, corner),
                _ => return Err(Fault::Damaged),
            };
            plain.push(byte.wrapping_add(prediction));
        }
        output.extend(&plain);
        plain.resize(row_length, 0);
        above = plain;
    }
    Ok(output)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let guess = a.saturating_add(b).saturating_sub(c);
    let distance = |value: i16| guess.abs_diff(value);
    if distance(a) <= distance(b) && distance(a) <= distance(c) {
        left
    } else if distance(b) <= distance(c) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_notations_are_undone() {
        assert_eq!(ascii85(b"87cUR D]j7BEbo7~>").unwrap(), b"Hello world");
        assert_eq!(ascii85(b"z~>").unwrap(), [0; 4]);
        assert_eq!(ascii85(b"s8W-!s~>"), Err(Fault::Damaged));
        assert_eq!(ascii85(b"uuuuu~>"), Err(Fault::Damaged));
        assert_eq!(ascii_hex(b"48 65 6C6c6F3>").unwrap(), b"Hello0");
        assert_eq!(run_length(&[1, b'a', b'b', 254, b'c', 128]).unwrap(), b"abccc");
        assert_eq!(run_length(&[5, b'a']), Err(Fault::Damaged));
    }

    #[test]
    fn the_example_of_the_lzw_specification_is_expanded() {
        let packed = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        let plain = [45, 45, 45, 45, 45, 65, 45, 45, 45, 66];
        assert_eq!(expand_lzw(&packed, &Dictionary::default()).unwrap(), plain);
    }
}
