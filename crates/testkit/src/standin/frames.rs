//! Frames of `application/vnd.amazon.eventstream`, with both their checksums.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::body::Bytes;
use serde_json::Value;

/// The content type of a stream of frames.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// An event of this type.
pub(super) fn event(kind: &str, payload: &Value) -> Bytes {
    frame(&[(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")], payload)
}

/// An exception of this name.
pub(super) fn exception(name: &str, message: &str) -> Bytes {
    let payload = serde_json::json!({ "message": message });
    frame(&[(":exception-type", name), (":content-type", "application/json"), (":message-type", "exception")], &payload)
}

/// An event whose last byte, which belongs to the checksum, is wrong.
pub(super) fn garbled(kind: &str, payload: &Value) -> Bytes {
    let mut bytes = event(kind, payload).to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 0xff;
    }
    bytes.into()
}

fn frame(headers: &[(&str, &str)], payload: &Value) -> Bytes {
    let mut message = Message::new(payload.to_string());
    for (name, value) in headers {
        message = message.add_header(Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into())));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a short message fits a frame");
    bytes.into()
}
