//! API keys: `aao_<role>_`, 32 random characters, and a checksum that catches a key cut short before anybody asks the server.

use crate::exit::{Failure, chain};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;

/// Where a data directory keeps the key that its first server made.
pub(crate) fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("api-key")
}

/// The key that the data directory holds, if there is one.
///
/// # Errors
/// The file is there and cannot be read.
pub(crate) fn read(data_dir: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(file(data_dir)) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(format!("the key file {} could not be read: {error}", file(data_dir).display()))),
    }
}

/// The key that the data directory holds, made now if there is none. The bool is whether it is new.
///
/// # Errors
/// The file can be neither read nor written.
pub(crate) fn read_or_make(data_dir: &Path) -> Result<(String, bool), Failure> {
    if let Some(key) = read(data_dir)? {
        return Ok((key, false));
    }
    let key = make();
    let path = file(data_dir);
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        writeln!(file, "{key}")?;
        file.sync_all()
    };
    write().map_err(|error| Failure::failed(format!("the key file {} could not be written: {}", path.display(), chain(&error))))?;
    Ok((key, true))
}

/// A new key of an administrator.
fn make() -> String {
    let mut secret = String::with_capacity(SECRET_CHARS);
    let mut bytes = [0_u8; SECRET_CHARS];
    while secret.len() < SECRET_CHARS {
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        // Bytes from 248 on would make some characters likelier than others.
        let fair = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(ALPHABET[usize::from(*byte) % 62]));
        secret.extend(fair.take(SECRET_CHARS - secret.len()));
    }
    let body = format!("aao_admin_{secret}");
    let checksum = checksum(&body);
    format!("{body}{checksum}")
}

/// What is wrong with the form of a key, when it claims to be one of ours. A key of any other form is the operator's own choice.
pub(crate) fn fault(key: &str) -> Option<&'static str> {
    let (_, rest) = key.strip_prefix("aao_").and_then(|rest| rest.split_once('_'))?;
    if rest.len() != SECRET_CHARS + CHECKSUM_CHARS || !rest.is_ascii() {
        return Some("it has lost or gained characters");
    }
    let (body, given) = key.split_at(key.len() - CHECKSUM_CHARS);
    (checksum(body) != given).then_some("a character in it is wrong")
}

/// CRC-32 in base 62, six characters.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_knows_when_it_was_cut_or_changed() {
        let key = make();
        assert_eq!(key.len(), "aao_admin_".len() + SECRET_CHARS + CHECKSUM_CHARS);
        assert_eq!(fault(&key), None);
        assert!(fault(&key[..key.len() - 1]).is_some());
        for place in "aao_admin_".len()..key.len() {
            let other = if key.as_bytes()[place] == b'x' { "y" } else { "x" };
            let mut changed = key.clone();
            changed.replace_range(place..=place, other);
            assert!(fault(&changed).is_some(), "a changed character at {place} is not seen");
        }
        assert_eq!(fault("a key of my own"), None);
    }

    #[test]
    fn the_key_of_a_data_directory_is_made_once_and_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_none());
        let (key, is_new) = read_or_make(folder.path()).unwrap();
        assert!(is_new);
        assert_eq!(read_or_make(folder.path()).unwrap(), (key, false));
        assert_eq!(fs::metadata(file(folder.path())).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
