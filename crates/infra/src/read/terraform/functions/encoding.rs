//! Functions that encode and decode.

use super::{Arguments, Made, Stop, text, wrong};
use crate::attribute::Attribute;
use crate::read::base64;
use crate::read::terraform::evaluate::json_text;
use crate::read::terraform::json;
use std::fmt::Write as _;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn call(arguments: &Arguments<'_>) -> Option<Made> {
    Some(match arguments.name {
        "jsonencode" => encode_json(arguments),
        "jsondecode" => decode_json(arguments),
        "base64encode" => arguments.text(0).map(|value| text(to_base64(value.as_bytes()))),
        "base64decode" => decode_base64(arguments),
        "urlencode" => arguments.text(0).map(|value| text(url_encoded(&value))),
        _ => return None,
    })
}

/// The JSON of a list or map stays the list or map, with its references, until something makes a text of it.
fn encode_json(arguments: &Arguments<'_>) -> Made {
    let node = arguments.node(0)?;
    match &node.attribute {
        Attribute::List(_) | Attribute::Map(_) | Attribute::Unknown(_) | Attribute::Reference { .. } => Ok(node.attribute.clone()),
        _ => Ok(json_text(node)),
    }
}

fn decode_json(arguments: &Arguments<'_>) -> Made {
    let node = arguments.node(0)?;
    match &node.attribute {
        Attribute::List(_) | Attribute::Map(_) => Ok(node.attribute.clone()),
        Attribute::Unknown(encoded) if encoded.contains("${") => {
            json::parse_with_holes(encoded, node.line).map(|node| node.attribute).map_err(|_| Stop::Unknown(encoded.clone()))
        }
        _ => json::parse(&arguments.text(0)?).map(|node| node.attribute).map_err(|broken| Stop::Wrong(broken.message)),
    }
}

fn to_base64(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sextet = (bits >> (18 - 6 * place)) & 63;
            encoded.push(if place <= chunk.len() { ALPHABET[sextet as usize] as char } else { '=' });
        }
    }
    encoded
}

fn decode_base64(arguments: &Arguments<'_>) -> Made {
    match base64::decode(&arguments.text(0)?).and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(decoded) => Ok(text(decoded)),
        None => wrong("it is not the base 64 of a text"),
    }
}

fn url_encoded(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte as char),
            b' ' => encoded.push('+'),
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}
