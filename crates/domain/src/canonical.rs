//! One byte form for JSON: sorted keys, no spaces. Whatever is hashed or compared goes through here.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The canonical bytes of a value: object keys sorted by their bytes, no white space, numbers as serde_json prints them.
pub fn bytes(value: &impl Serialize) -> Vec<u8> {
    let value = serde_json::to_value(value).expect("our own types have string keys and serialise");
    let mut out = Vec::with_capacity(256);
    write(&value, &mut out);
    out
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

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
            out.push(b'{');
            for (i, (key, value)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key).expect("writing to memory");
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        scalar => serde_json::to_writer(&mut *out, scalar).expect("writing to memory"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value: Value = serde_json::from_str(r#"{"b":[{"z":1,"a":"é\n"}],"a":null}"#).unwrap();
        assert_eq!(String::from_utf8(bytes(&value)).unwrap(), r#"{"a":null,"b":[{"a":"é\n","z":1}]}"#);
    }
}
