//! Server-sent events, out of the bytes as they come.

/// One event of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) event: String,
    pub(super) data: String,
}

/// The bytes that no complete frame has been made of yet.
#[derive(Default)]
pub(super) struct Frames {
    rest: Vec<u8>,
    event: String,
    data: String,
}

impl Frames {
    /// Takes more bytes and gives the frames that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.rest.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                let (event, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
                if !data.is_empty() {
                    frames.push(Frame { event, data });
                }
            } else if let Some(value) = field(line, "event") {
                value.clone_into(&mut self.event);
            } else if let Some(value) = field(line, "data") {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
        }
        frames
    }
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let value = line.strip_prefix(name)?.strip_prefix(':')?;
    Some(value.strip_prefix(' ').unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_however_the_bytes_are_cut() {
        let stream = b": hello\n\nid: 3\nevent: routed\ndata: {\"a\":1}\n\nretry: 1000\n\nevent: end\r\ndata: x\r\ndata: y\r\n\r\n";
        let mut frames = Frames::default();
        let found: Vec<Frame> = stream.iter().flat_map(|byte| frames.feed(&[*byte])).collect();
        let wanted = [("routed", "{\"a\":1}"), ("end", "x\ny")];
        assert_eq!(found, wanted.map(|(event, data)| Frame { event: event.to_owned(), data: data.to_owned() }));
    }
}
