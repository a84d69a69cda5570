//! Base 64, as user data is written.

/// The bytes that a text stands for; `None` when it is not base 64. White space is skipped.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding) = (0u32, 0u32, 0u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        bits = bits << 6 | u32::from(value);
        count += 1;
        if count.is_multiple_of(4) {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    match (count % 4, padding) {
        (0, 0) => {}
        (2, 2) => bytes.push((bits >> 4) as u8),
        (3, 1) => bytes.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
        _ => return None,
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn base_64_is_decoded_and_other_text_is_not() {
        assert_eq!(decode("IyEvYmluL3No").unwrap(), b"#!/bin/sh");
        assert_eq!(decode("aGk=").unwrap(), b"hi");
        assert_eq!(decode("aA==\n").unwrap(), b"h");
        for text in ["aGk", "a", "#!/bin/sh", "a=Gk", "===="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
