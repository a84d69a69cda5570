//! Who asks.

use crate::ids::TenantId;
use serde::{Deserialize, Serialize};

/// Who a run works for: taken from the API key, or the local user of the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The public id of the key, never the key itself; `local` for the command line.
    pub key: String,
    /// What the key may do.
    pub role: Role,
    /// Whose data the key sees.
    pub tenant: TenantId,
}

/// What a key may do. Each role includes those before it, but for approver, which only adds decisions to viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads, submits and cancels.
    Operator,
    /// Reads and decides.
    Approver,
    /// Everything.
    Admin,
}

impl Principal {
    /// The user of the local command line, who owns the machine's data directory.
    pub fn local() -> Principal {
        Principal { key: "local".to_owned(), role: Role::Admin, tenant: TenantId::new("default") }
    }
}
