//! Server-sent events, as far as chat completions use them: what stands behind `data:`.

/// Puts events together from pieces of bytes that end anywhere.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// A line whose end has not come yet.
    line: Vec<u8>,
    /// The `data:` lines of an event whose end has not come yet.
    data: Option<String>,
}

impl Events {
    /// Takes the next bytes and gives the data of every event that is complete with them.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                complete.extend(self.line_ended(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n'])));
            }
        }
        complete
    }

    /// What an event held whose closing empty line never came. Some servers leave out the last one.
    pub(super) fn rest(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        self.line_ended(&String::from_utf8_lossy(&line)).or_else(|| self.data.take())
    }

    fn line_ended(&mut self, line: &str) -> Option<String> {
        if line.is_empty() {
            return self.data.take();
        }
        // Other fields and comments, which begin with a colon, are keep-alives here.
        let more = line.strip_prefix("data:")?;
        let more = more.strip_prefix(' ').unwrap_or(more);
        match &mut self.data {
            None => self.data = Some(more.to_owned()),
            Some(data) => {
                data.push('\n');
                data.push_str(more);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_however_the_bytes_are_cut() {
        let wire = ": hello\r\n\r\nevent: x\r\ndata: {\"a\":\r\ndata: \"é\"}\r\n\r\ndata:2\n\ndata: [DONE]\n\n".as_bytes();
        for size in 1..wire.len() {
            let mut events = Events::default();
            let seen: Vec<String> = wire.chunks(size).flat_map(|piece| events.push(piece)).collect();
            assert_eq!(seen, ["{\"a\":\n\"é\"}", "2", "[DONE]"], "pieces of {size}");
            assert_eq!(events.rest(), None);
        }
    }

    #[test]
    fn an_event_without_its_closing_line_is_found_at_the_end() {
        let mut events = Events::default();
        assert!(events.push(b"data: [DONE]").is_empty());
        assert_eq!(events.rest().as_deref(), Some("[DONE]"));
        assert!(events.push(b"data: 1\n").is_empty());
        assert_eq!(events.rest().as_deref(), Some("1"));
    }
}
