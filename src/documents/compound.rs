//! The file system inside an `.xls` file: sectors, chained by a table into streams.
//!
//! A crafted file can chain sectors in a circle, and a reader that trusts it runs out of memory. So the chains are walked
//! here first; [`super::biff`] looks at what they hold.

const SIGNATURE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const HEADER_LEN: usize = 512;
const DIRECTORY_ENTRY_LEN: usize = 128;
const MINI_SECTOR_LEN: usize = 64;
const MINI_STREAM_CUTOFF: usize = 4096;
/// From here on a sector number is a marker, not a place.
const FIRST_MARKER: u32 = 0xFFFF_FFFA;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;

/// The streams of a compound file that a workbook reader may open: `Workbook`, and what older programs wrote as `Book`.
/// `None` if there is neither, or if a chain leaves the file or runs in a circle.
pub(super) fn workbook_streams(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let file = CompoundFile::open(bytes)?;
    let entries = ["Workbook", "Book"]
        .into_iter()
        .filter_map(|name| file.entry(name));
    let streams: Vec<Vec<u8>> = entries.map(|entry| file.stream(entry)).collect::<Option<_>>()?;
    (!streams.is_empty()).then_some(streams)
}

struct CompoundFile<'a> {
    bytes: &'a [u8],
    sector_len: usize,
    table: Vec<u32>,
    mini_table: Vec<u32>,
    mini_stream: Vec<u8>,
    directory: Vec<u8>,
}

impl<'a> CompoundFile<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        if !bytes.starts_with(SIGNATURE) || bytes.len() < HEADER_LEN {
            return None;
        }
        let sector_len = match u16_at(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file = Self {
            bytes,
            sector_len,
            table: Vec::new(),
            mini_table: Vec::new(),
            mini_stream: Vec::new(),
            directory: Vec::new(),
        };
        file.table = file.read_table()?;
        file.directory = file.chain(u32_at(bytes, 48)?, usize::MAX)?;
        let mini_sectors = usize::try_from(u32_at(bytes, 64)?).ok()?;
        if mini_sectors > 0 {
            let root = file.directory.get(..DIRECTORY_ENTRY_LEN)?;
            let (start, len) = (u32_at(root, 116)?, stream_len(root, sector_len)?);
            file.mini_stream = file.chain(start, len)?;
            let table = file.chain(u32_at(bytes, 60)?, mini_sectors.checked_mul(sector_len)?)?;
            file.mini_table = words(&table).collect();
        }
        Some(file)
    }

    fn sector(&self, id: u32) -> Option<&'a [u8]> {
        let start = usize::try_from(id)
            .ok()?
            .checked_add(1)?
            .checked_mul(self.sector_len)?;
        let rest = self.bytes.get(start..)?;
        rest.get(..self.sector_len.min(rest.len()))
            .filter(|sector| !sector.is_empty())
    }

    /// No chain is longer than the file has sectors, unless it runs in a circle.
    fn max_chain(&self) -> usize {
        self.bytes.len().div_ceil(self.sector_len)
    }

    fn read_table(&self) -> Option<Vec<u32>> {
        let mut places: Vec<u32> = words(self.bytes.get(76..HEADER_LEN)?).collect();
        let mut next = u32_at(self.bytes, 68)?;
        for _ in 0..=self.max_chain() {
            if next >= FIRST_MARKER {
                let mut table = Vec::new();
                for place in places.into_iter().filter(|place| *place < FIRST_MARKER) {
                    table.extend(words(self.sector(place)?));
                    if table.len() > self.bytes.len() {
                        return None;
                    }
                }
                return Some(table);
            }
            places.extend(words(self.sector(next)?));
            next = places.pop()?;
        }
        None
    }

    /// The bytes of a chain of sectors, at most `len`; `None` if it leaves the file or never ends.
    fn chain(&self, start: u32, len: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut id = start;
        for _ in 0..=self.max_chain() {
            if id == END_OF_CHAIN || out.len() >= len {
                out.truncate(len);
                return Some(out);
            }
            out.extend_from_slice(self.sector(id)?);
            id = *self.table.get(usize::try_from(id).ok()?)?;
        }
        None
    }

    fn mini_chain(&self, start: u32, len: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut id = start;
        while id != END_OF_CHAIN && out.len() < len {
            let index = usize::try_from(id).ok()?;
            let start = index.checked_mul(MINI_SECTOR_LEN)?;
            let rest = self.mini_stream.get(start..).filter(|rest| !rest.is_empty())?;
            out.extend_from_slice(rest.get(..MINI_SECTOR_LEN.min(rest.len()))?);
            id = *self.mini_table.get(index)?;
        }
        out.truncate(len);
        Some(out)
    }

    fn stream(&self, entry: &[u8]) -> Option<Vec<u8>> {
        let (start, len) = (u32_at(entry, 116)?, stream_len(entry, self.sector_len)?);
        if len < MINI_STREAM_CUTOFF {
            self.mini_chain(start, len)
        } else {
            self.chain(start, len)
        }
    }

    fn entry(&self, name: &str) -> Option<&[u8]> {
        self.directory.chunks_exact(DIRECTORY_ENTRY_LEN).find(|entry| {
            let units = entry.iter().take(64).copied().collect::<Vec<u8>>();
            let units = units
                .chunks_exact(2)
                .map(|pair| u16_at(pair, 0).unwrap_or_default());
            let stored =
                char::decode_utf16(units.take_while(|unit| *unit != 0)).map(|c| c.unwrap_or('\u{fffd}'));
            stored.collect::<String>().eq_ignore_ascii_case(name)
        })
    }
}

fn stream_len(entry: &[u8], sector_len: usize) -> Option<usize> {
    let low = u32_at(entry, 120)?;
    let high = if sector_len == 512 { 0 } else { u32_at(entry, 124)? };
    usize::try_from(u64::from(high) << 32 | u64::from(low)).ok()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|chunk| u16::from_le_bytes(*chunk))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|chunk| u32::from_le_bytes(*chunk))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).filter_map(|chunk| u32_at(chunk, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_in_a_circle_ends() {
        let mut file = SIGNATURE.to_vec();
        file.resize(HEADER_LEN, 0xFF);
        file[30..32].copy_from_slice(&9_u16.to_le_bytes());
        // The directory starts at sector 1; the table at sector 0 says that 1 is followed by 1.
        file[48..52].copy_from_slice(&1_u32.to_le_bytes());
        file[64..68].copy_from_slice(&0_u32.to_le_bytes());
        file[76..80].copy_from_slice(&0_u32.to_le_bytes());
        let table: Vec<u8> = [0xFFFF_FFFD_u32, 1]
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect();
        file.extend(table);
        file.resize(HEADER_LEN * 3, 0xFF);

        assert_eq!(workbook_streams(&file), None);
    }
}
