//! Turns a library's bytes into those that are mapped when it is loaded, and a link to a file with all of them. Must
//! never leave out, move or change a byte that the system's loader maps, nor promise the link to a format it does not know.

use object::{
    Endian as _, Endianness,
    elf::{self, FileHeader64, SectionHeader64},
    pod::bytes_of,
    read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _},
};

/// Less than this is not worth a second file.
const WORTHWHILE: usize = 256 * 1024;
/// Backtraces and debuggers follow it to the file it names, which they look for in the same folder.
const LINK: &str = ".gnu_debuglink";

/// A library without what nothing maps.
#[derive(Debug)]
pub(super) struct Trimmed<'a> {
    head: FileHeader64<Endianness>,
    /// What is mapped, behind the head: as it was.
    mapped: &'a [u8],
    /// The link, and the list of sections.
    tail: Vec<u8>,
}

impl Trimmed<'_> {
    /// The file, part by part.
    pub(super) fn parts(&self) -> [&[u8]; 3] {
        [bytes_of(&self.head), self.mapped, &self.tail]
    }
}

/// What `bytes`, which must be a whole library, are without its information for debuggers; `whole` is the name that
/// all of them will be found under. `None` where leaving it out gains little, or where the file is not laid out as
/// linkers do: what is mapped first, then the rest.
///
/// Sections keep their numbers, because symbols refer to them; those that are left out become empty entries.
pub(super) fn trim<'a>(bytes: &'a [u8], whole: &str) -> Option<Trimmed<'a>> {
    let head = FileHeader64::<Endianness>::parse(bytes).ok()?;
    let endian = head.endian().ok()?;
    let sections = head.section_headers(endian, bytes).ok()?;
    let names_at = head.section_strings_index(endian, bytes).ok()?.0;
    // With more sections than this the numbers are kept elsewhere.
    let count = u16::try_from(sections.len() + 1).ok().filter(|count| *count < 0xff00)?;
    let is_mapped = |section: &SectionHeader64<_>| section.sh_flags(endian).contains(elf::SHF_ALLOC);
    if sections.get(names_at).is_none_or(is_mapped) {
        return None;
    }
    let end = mapped_end(head, sections, endian, bytes)?;
    if bytes.len() - end < WORTHWHILE {
        return None;
    }

    let mut tail = Vec::new();
    let link_at = pad(&mut tail, end, 4);
    tail.extend_from_slice(whole.as_bytes());
    tail.push(0);
    pad(&mut tail, end, 4);
    tail.extend_from_slice(&endian.write_u32(crc32fast::hash(bytes)));
    let link_len = end + tail.len() - link_at;

    let mut names = sections[names_at].data(endian, bytes).ok()?.to_vec();
    let link_name = u32::try_from(names.len()).ok()?;
    names.extend_from_slice(LINK.as_bytes());
    names.push(0);
    let names_header = plain(sections[names_at], endian, end + tail.len(), names.len());
    tail.extend_from_slice(&names);
    let mut link_header = plain(names_header, endian, link_at, link_len);
    link_header.sh_name.set(endian, link_name);
    link_header.sh_type.set(endian, elf::SHT_PROGBITS);

    let table_at = pad(&mut tail, end, 8);
    for (number, section) in sections.iter().enumerate() {
        if number == names_at {
            tail.extend_from_slice(bytes_of(&names_header));
        } else if is_mapped(section) {
            tail.extend_from_slice(bytes_of(section));
        } else {
            tail.extend_from_slice(&[0; size_of::<SectionHeader64<Endianness>>()]);
        }
    }
    tail.extend_from_slice(bytes_of(&link_header));
    let mut head = *head;
    head.e_shoff.set(endian, table_at as u64);
    head.e_shnum.set(endian, count);
    Some(Trimmed { head, mapped: &bytes[size_of_val(&head)..end], tail })
}

/// One past the last byte that a segment, a mapped section or the list of segments takes.
fn mapped_end(
    head: &FileHeader64<Endianness>,
    sections: &[SectionHeader64<Endianness>],
    endian: Endianness,
    bytes: &[u8],
) -> Option<usize> {
    let segments = head.program_headers(endian, bytes).ok()?;
    let list = (head.e_phoff(endian), size_of_val(segments) as u64);
    let mapped = sections.iter().filter(|section| section.sh_flags(endian).contains(elf::SHF_ALLOC));
    let ranges = segments.iter().map(|segment| segment.file_range(endian));
    let ranges = ranges.chain(mapped.filter_map(|section| section.file_range(endian))).chain([list]);
    let mut end = size_of_val(head);
    for (start, len) in ranges {
        end = end.max(usize::try_from(start.checked_add(len)?).ok()?);
    }
    (end <= bytes.len()).then_some(end)
}

/// `header` for contents that nothing maps.
fn plain(
    mut header: SectionHeader64<Endianness>,
    endian: Endianness,
    start: usize,
    len: usize,
) -> SectionHeader64<Endianness> {
    header.sh_offset.set(endian, start as u64);
    header.sh_size.set(endian, len as u64);
    header.sh_addralign.set(endian, 1);
    header
}

/// Adds zeros to the bytes from `start` on, up to a multiple of `align`; answers with where that is.
fn pad(bytes: &mut Vec<u8>, start: usize, align: usize) -> usize {
    let end = (start + bytes.len()).next_multiple_of(align);
    bytes.resize(end - start, 0);
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::{Object as _, ObjectSection as _, ObjectSegment as _, ObjectSymbol as _};

    /// This very program: it has information for debuggers, and is laid out as a library is.
    fn own() -> Vec<u8> {
        std::fs::read(std::env::current_exe().expect("a program has a file")).expect("readable")
    }

    #[test]
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn what_is_mapped_is_kept_and_the_rest_is_linked() {
        let bytes = own();
        let trimmed = trim(&bytes, "whole.debug").expect("there is something to leave out").parts().concat();
        assert!(trimmed.len() + WORTHWHILE < bytes.len(), "{} of {}", trimmed.len(), bytes.len());
        let (before, after) =
            (object::File::parse(&*bytes).expect("an object"), object::File::parse(&*trimmed).expect("an object"));
        for (old, new) in before.segments().zip(after.segments()) {
            assert_eq!((old.address(), old.size(), old.file_range()), (new.address(), new.size(), new.file_range()));
            let (start, len) = old.file_range();
            // The head names another list of sections.
            let start = (start as usize).max(size_of::<FileHeader64<Endianness>>());
            let range = start..(start + len as usize).min(old.file_range().0 as usize + len as usize);
            assert!(bytes[range.clone()] == trimmed[range], "segment at {start:#x}");
        }
        assert_eq!(before.segments().count(), after.segments().count());
        let text = |file: &object::File<'_>| file.section_by_name(".text").map(|text| (text.index(), text.address()));
        assert_eq!(text(&before), text(&after));
        let symbols = |file: &object::File<'_>| -> Vec<_> {
            let symbols = file.dynamic_symbols();
            symbols.map(|symbol| (symbol.address(), symbol.section_index())).collect()
        };
        assert_eq!(symbols(&before), symbols(&after));
        assert!(after.section_by_name(".debug_info").is_none() && after.section_by_name(".symtab").is_none());
        let link = after.gnu_debuglink().expect("well-formed");
        assert_eq!(link, Some((&b"whole.debug"[..], crc32fast::hash(&bytes))));
        assert!(trim(&trimmed, "again").is_none(), "nothing is left to leave out");
    }

    #[test]
    fn what_is_not_understood_is_left_whole() {
        assert!(trim(b"", "x").is_none());
        assert!(trim(&own()[..4096], "x").is_none(), "the list of sections is cut off");
        let mut of_32_bits = own();
        of_32_bits[4] = 1;
        assert!(trim(&of_32_bits, "x").is_none());
    }
}
