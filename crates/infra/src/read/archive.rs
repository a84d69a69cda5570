//! An archive of files that somebody sent, unpacked into memory. Nothing in it is trusted: not its names, its sizes or its links.

use super::files::Files;
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

/// Entries that an archive may have, folders included.
const ENTRIES_MAX: usize = 20_000;

/// What an archive may unpack to. The largest repository of templates that is expected has a tenth of it.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How much larger than the archive its contents may be. JSON of templates shrinks to a twentieth; a bomb, to a thousandth.
const RATIO_MAX: u64 = 200;

/// What a small archive may unpack to whatever its ratio, since a few kilobytes of repeated text are no bomb.
const BYTES_ALWAYS: u64 = 4 * 1024 * 1024;

/// Bytes of a path; file systems take no more.
const PATH_BYTES_MAX: usize = 4096;

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveFormat {
    /// Zip.
    Zip,
    /// Tar, compressed with gzip.
    TarGz,
}

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is not an archive of the format, or a part of it is broken.
    #[error("the archive cannot be read")]
    Unreadable(#[source] io::Error),
    /// An entry would be put elsewhere than below the archive's root.
    #[error("the archive names {0:?}, which is not a path below its root; use relative paths without `..`")]
    Path(String),
    /// An entry is a link, a device or another thing that is not a file.
    #[error("{0:?} in the archive is a link or a device; send plain files")]
    NotAFile(String),
    /// Two entries have the same path.
    #[error("the archive has {0:?} twice")]
    Twice(String),
    /// An entry is encrypted.
    #[error("{0:?} in the archive is encrypted; send it without a password")]
    Encrypted(String),
    /// There are too many entries.
    #[error("the archive has more than {ENTRIES_MAX} entries; send only the folders with templates")]
    TooMany,
    /// It unpacks to too much.
    #[error("the archive unpacks to more than {allowed} bytes; send only the folders with templates")]
    TooLarge {
        /// How much was allowed for an archive of its size.
        allowed: u64,
    },
}

/// Unpacks an archive.
pub fn from_archive(bytes: &[u8], format: ArchiveFormat) -> Result<Files, ArchiveError> {
    let allowed = BYTES_ALWAYS.max(bytes.len() as u64 * RATIO_MAX).min(BYTES_MAX);
    let unpacking = Unpacking { files: BTreeMap::new(), entries: 0, allowed, left: allowed };
    let files = match format {
        ArchiveFormat::Zip => unpacking.zip(bytes)?,
        ArchiveFormat::TarGz => unpacking.tar_gz(bytes)?,
    };
    Ok(Files::in_memory(files))
}

struct Unpacking {
    files: BTreeMap<String, Vec<u8>>,
    entries: usize,
    allowed: u64,
    left: u64,
}

impl Unpacking {
    fn zip(mut self, bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
        if archive.len() > ENTRIES_MAX {
            return Err(ArchiveError::TooMany);
        }
        for index in 0..archive.len() {
            // Looked at before it is opened: opening an encrypted entry only says that it cannot be.
            let (is_encrypted, name) = {
                let entry = archive.by_index_raw(index).map_err(unreadable)?;
                (entry.encrypted(), entry.name().map_err(unreadable)?.into_owned())
            };
            if is_encrypted {
                return Err(ArchiveError::Encrypted(name));
            }
            let mut entry = archive.by_index(index).map_err(unreadable)?;
            self.count()?;
            let path = path(&name)?;
            if entry.is_dir() {
                continue;
            }
            if !entry.is_file() || entry.is_symlink() {
                return Err(ArchiveError::NotAFile(name));
            }
            self.take(path, &mut entry)?;
        }
        Ok(self.files)
    }

    fn tar_gz(mut self, bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
        // Everything that is decompressed counts, headers and what lies between files too: long names are read whole by the reader.
        let allowed = self.allowed + (ENTRIES_MAX as u64 + 2) * 2048;
        let mut archive = tar::Archive::new(Bounded { inner: GzDecoder::new(bytes), left: allowed });
        for entry in archive.entries().map_err(|error| self.tar_error(error))? {
            let mut entry = entry.map_err(|error| self.tar_error(error))?;
            self.count()?;
            let kind = entry.header().entry_type();
            // Notes of the packer, such as git's on the commit.
            if kind.is_pax_global_extensions() {
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = path(&name)?;
            if kind.is_dir() {
                continue;
            }
            if !kind.is_file() {
                return Err(ArchiveError::NotAFile(name));
            }
            self.take(path, &mut entry)?;
        }
        Ok(self.files)
    }

    fn count(&mut self) -> Result<(), ArchiveError> {
        self.entries += 1;
        if self.entries > ENTRIES_MAX { Err(ArchiveError::TooMany) } else { Ok(()) }
    }

    /// Reads a file. Its size is what comes out, not what the archive says.
    fn take(&mut self, path: String, reader: &mut impl Read) -> Result<(), ArchiveError> {
        let mut bytes = Vec::new();
        let read = reader.take(self.left + 1).read_to_end(&mut bytes).map_err(|error| self.tar_error(error))? as u64;
        if read > self.left {
            return Err(ArchiveError::TooLarge { allowed: self.allowed });
        }
        self.left -= read;
        match self.files.insert(path.clone(), bytes) {
            None => Ok(()),
            Some(_) => Err(ArchiveError::Twice(path)),
        }
    }

    fn tar_error(&self, error: io::Error) -> ArchiveError {
        if is_out_of_bounds(&error) { ArchiveError::TooLarge { allowed: self.allowed } } else { ArchiveError::Unreadable(error) }
    }
}

fn unreadable(error: zip::result::ZipError) -> ArchiveError {
    ArchiveError::Unreadable(io::Error::other(error))
}

/// The path of an entry below the root.
fn path(name: &str) -> Result<String, ArchiveError> {
    let refused = || ArchiveError::Path(name.chars().take(200).collect());
    let is_absolute = name.starts_with('/') || name.as_bytes().get(1) == Some(&b':');
    if is_absolute || name.contains(['\\', '\0']) || name.len() > PATH_BYTES_MAX {
        return Err(refused());
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(refused()),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// A reader that ends with an error rather than give more than was allowed.
struct Bounded<R> {
    inner: R,
    left: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("more than was allowed")]
struct OutOfBounds;

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(OutOfBounds))?;
        Ok(read)
    }
}

fn is_out_of_bounds(error: &io::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(error) = source {
        if error.is::<OutOfBounds>() {
            return true;
        }
        // The tar reader wraps errors in its own, and those in `io::Error`.
        source = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as _),
            None => error.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;
    use tar::{EntryType, Header};
    use zip::write::SimpleFileOptions;

    const TEMPLATE: &[u8] = b"Resources: {A: {Type: 'AWS::S3::Bucket'}}";

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// A tar whose names are written as they are: the crate's own writer refuses what is tested here.
    fn tarred(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
        for (name, kind, bytes) in entries {
            let mut header = Header::new_gnu();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn error(bytes: &[u8], format: ArchiveFormat) -> String {
        from_archive(bytes, format).unwrap_err().to_string()
    }

    #[test]
    fn both_formats_give_their_files() {
        let zip = from_archive(&zipped(&[("./infra/a.yaml", TEMPLATE)]), ArchiveFormat::Zip).unwrap();
        let tar =
            from_archive(&tarred(&[("infra/", EntryType::Directory, b""), ("infra/a.yaml", EntryType::Regular, TEMPLATE)]), ArchiveFormat::TarGz);
        for files in [zip, tar.unwrap()] {
            assert_eq!(files.paths().collect::<Vec<_>>(), ["infra/a.yaml"]);
            assert_eq!(files.head("infra/a.yaml", 1000).unwrap().as_ref(), TEMPLATE);
        }
    }

    #[test]
    fn paths_that_leave_the_root_are_refused() {
        for name in ["../a.yaml", "a/../../b.yaml", "/etc/a.yaml", "C:/a.yaml", "a\\..\\b.yaml"] {
            let expected = format!("the archive names {name:?}, which is not a path below its root; use relative paths without `..`");
            assert_eq!(error(&tarred(&[(name, EntryType::Regular, TEMPLATE)]), ArchiveFormat::TarGz), expected);
        }
        assert!(error(&zipped(&[("../a.yaml", TEMPLATE)]), ArchiveFormat::Zip).contains("not a path below its root"));
    }

    #[test]
    fn links_and_devices_are_refused() {
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Fifo] {
            assert!(error(&tarred(&[("a", kind, b"")]), ArchiveFormat::TarGz).contains("link or a device"), "{kind:?}");
        }
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("a", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let zip = writer.finish().unwrap().into_inner();
        assert!(error(&zip, ArchiveFormat::Zip).contains("link or a device"));
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = vec![0; 8 * 1024 * 1024];
        let expected = "unpacks to more than";
        assert!(error(&zipped(&[("a.yaml", &zeros)]), ArchiveFormat::Zip).contains(expected));
        assert!(error(&tarred(&[("a.yaml", EntryType::Regular, &zeros)]), ArchiveFormat::TarGz).contains(expected));
        // A name of the same size is data for the reader of names, not of files.
        let name = ("././@LongLink", EntryType::GNULongName, zeros.as_slice());
        let long = from_archive(&tarred(&[name, ("a", EntryType::Regular, b"")]), ArchiveFormat::TarGz);
        assert!(long.is_err(), "{long:?}");
        let many: Vec<(String, EntryType)> = (0..=ENTRIES_MAX).map(|index| (index.to_string(), EntryType::Regular)).collect();
        let many: Vec<(&str, EntryType, &[u8])> = many.iter().map(|(name, kind)| (name.as_str(), *kind, &b""[..])).collect();
        assert!(error(&tarred(&many), ArchiveFormat::TarGz).contains("more than 20000 entries"));
    }

    #[test]
    fn a_file_that_comes_twice_is_refused() {
        let twice = tarred(&[("a", EntryType::Regular, b"1"), ("./a", EntryType::Regular, b"2")]);
        assert_eq!(error(&twice, ArchiveFormat::TarGz), "the archive has \"a\" twice");
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        for format in [ArchiveFormat::Zip, ArchiveFormat::TarGz] {
            assert_eq!(error(b"Resources: {}", format), "the archive cannot be read");
        }
        let whole = zipped(&[("a.yaml", TEMPLATE)]);
        assert!(from_archive(&whole[..whole.len() / 2], ArchiveFormat::Zip).is_err());
    }
}
