//! One byte form for JSON: sorted keys, no spaces. Whatever is hashed or compared goes through here.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::io;

/// The canonical bytes of a value: object keys sorted by their bytes as they are written, escapes included; no white space; numbers as
/// serde_json prints them.
pub fn bytes(value: &impl Serialize) -> Vec<u8> {
    let out = RefCell::new(Vec::with_capacity(1_024));
    let sorting = Sorting { out: &out, objects: Vec::new(), members: Vec::new() };
    value.serialize(&mut Serializer::with_formatter(Out(&out), sorting)).expect("our own types have string keys and serialise");
    out.into_inner()
}

/// The SHA-256 of these bytes in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The next link of a journal's chain: the hash of the link before it and of this event's exact bytes.
pub fn chain(previous: &[u8; 32], event: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(previous).chain_update(event).finalize().into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// Where the serialiser writes and its formatter sorts.
struct Out<'a>(&'a RefCell<Vec<u8>>);

impl io::Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Puts the members of an object in order when the object ends. A conversation is written anew for every turn, so it is not made a
/// tree of values first: most objects are in order already, and the rest are moved as bytes.
struct Sorting<'a> {
    out: &'a RefCell<Vec<u8>>,
    /// For each object not ended yet, the index of its first member.
    objects: Vec<usize>,
    members: Vec<Member>,
}

/// A key with its value, as places in the output.
#[derive(Clone, Copy, Default)]
struct Member {
    begin: usize,
    key_end: usize,
    end: usize,
}

impl Sorting<'_> {
    fn here(&self) -> usize {
        self.out.borrow().len()
    }
}

impl Formatter for Sorting<'_> {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.objects.push(self.members.len());
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        if !is_first {
            writer.write_all(b",")?;
        }
        self.members.push(Member { begin: self.here(), ..Member::default() });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.here();
        self.members.last_mut().expect("a key has begun").key_end = here;
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.here();
        self.members.last_mut().expect("a value follows its key").end = here;
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let first = self.objects.pop().expect("what ends has begun");
        sort(&mut self.out.borrow_mut(), &mut self.members[first..]);
        self.members.truncate(first);
        writer.write_all(b"}")
    }
}

/// Sorts the members at the end of the output.
fn sort(out: &mut Vec<u8>, members: &mut [Member]) {
    let Some(begin) = members.first().map(|member| member.begin) else { return };
    // Without its quotes: the closing one would sort before some characters and after others.
    let key = |member: &Member| &out[member.begin + 1..member.key_end - 1];
    if members.is_sorted_by_key(key) {
        return;
    }
    members.sort_unstable_by(|a, b| key(a).cmp(key(b)));
    let written = out.split_off(begin);
    for (i, member) in members.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&written[member.begin - begin..member.end - begin]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value: Value = serde_json::from_str(r#"{"b":[{"z":1,"a":"é\n"}],"a":null}"#).unwrap();
        assert_eq!(String::from_utf8(bytes(&value)).unwrap(), r#"{"a":null,"b":[{"a":"é\n","z":1}]}"#);
    }

    #[test]
    fn fields_are_sorted_like_keys_whatever_order_they_are_declared_in() {
        #[derive(Serialize)]
        struct Declared {
            z: Option<u8>,
            ab: Vec<Inner>,
            a: (),
        }
        #[derive(Serialize)]
        #[serde(tag = "kind")]
        enum Inner {
            Full { n: i8, a: &'static str },
            Empty,
        }
        let value = Declared { z: Some(1), ab: vec![Inner::Full { n: -1, a: "x" }, Inner::Empty], a: () };
        let sorted = r#"{"a":null,"ab":[{"a":"x","kind":"Full","n":-1},{"kind":"Empty"}],"z":1}"#;
        assert_eq!(String::from_utf8(bytes(&value)).unwrap(), sorted);
        // Serialising a tree of values, whose maps are sorted, gives the same text.
        assert_eq!(serde_json::to_value(&value).unwrap().to_string(), sorted);
    }
}
