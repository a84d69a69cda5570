//! Ids are types, so that one cannot stand where another belongs.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Identifies a run: a version 7 UUID, so ids sort by the time of submission.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(Uuid);

impl RunId {
    /// Makes an id from the time of submission and ten random bytes, both given by the caller.
    pub fn new(at: Timestamp, random: [u8; 10]) -> RunId {
        RunId(uuid::Builder::from_unix_timestamp_millis(at.as_millis(), &random).into_uuid())
    }

    /// Reads the hyphenated form. Anything else is `None`.
    pub fn parse(text: &str) -> Option<RunId> {
        (text.len() == 36).then(|| Uuid::try_parse(text).ok().map(RunId)).flatten()
    }

    /// The sixteen bytes, in the order that sorts by time.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id with these sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> RunId {
        RunId(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> $name {
                $name(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(text.to_owned())
            }
        }
    };
}

name_type! {
    /// Names an agent, such as `network_diagnostics`.
    AgentId
}
name_type! {
    /// Names a tool, such as `tcp_connect`.
    ToolName
}
name_type! {
    /// Names a tenant. Every stored row and every query carries one.
    TenantId
}
name_type! {
    /// Names one tool call within its run: `c<sequence number>-<index>`, ours rather than the provider's, so it is
    /// unique whatever a model sends.
    CallId
}
name_type! {
    /// The SHA-256 of a blob's bytes, in lower-case hexadecimal.
    BlobHash
}

impl CallId {
    /// The `index`-th call proposed by the event at `seq`.
    pub fn at(seq: u64, index: usize) -> CallId {
        CallId(format!("c{seq}-{index}"))
    }
}

impl BlobHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> BlobHash {
        BlobHash(crate::canonical::sha256_hex(bytes))
    }
}
