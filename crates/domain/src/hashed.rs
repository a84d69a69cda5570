//! A value with the hash of its canonical bytes: worked out once, shared by every request that holds the value.

use crate::canonical;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A value that does not change, with the SHA-256 and the length of its canonical bytes. Cloning it copies a pointer.
///
/// A conversation grows by two messages a turn and is sent whole at every turn; hashing it anew each time would cost the square of its length.
#[derive(Clone)]
pub struct Hashed<T>(Arc<Sealed<T>>);

struct Sealed<T> {
    value: T,
    sha256: [u8; 32],
    bytes: u64,
}

impl<T> Hashed<T> {
    /// SHA-256 of the canonical bytes, in lower-case hexadecimal.
    pub fn sha256_hex(&self) -> String {
        canonical::hex(&self.0.sha256)
    }

    /// How many canonical bytes there are.
    pub fn canonical_len(&self) -> u64 {
        self.0.bytes
    }
}

impl<T: Serialize> From<T> for Hashed<T> {
    fn from(value: T) -> Hashed<T> {
        let bytes = canonical::bytes(&value);
        Hashed(Arc::new(Sealed { value, sha256: Sha256::digest(&bytes).into(), bytes: bytes.len() as u64 }))
    }
}

impl<T> Deref for Hashed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> PartialEq for Hashed<T> {
    fn eq(&self, other: &Hashed<T>) -> bool {
        self.0.sha256 == other.0.sha256
    }
}

impl<T: Serialize> Serialize for Hashed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.value.serialize(serializer)
    }
}

impl<T: fmt::Debug> fmt::Debug for Hashed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.value.fmt(f)
    }
}
