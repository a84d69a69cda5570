//! Who asks: the keys that are let in, and the principal that each stands for.

use crate::app::App;
use crate::problem::Failure;
use api::Code;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use domain::TenantId;
use domain::canonical::sha256_hex;
use domain::principal::{Principal, Role};
use engine::Person;
use subtle::ConstantTimeEq;

const API_KEY: &str = "x-api-key";

/// A key that is let in, kept as its SHA-256. All keys are of one tenant and may do everything.
#[derive(Clone)]
pub struct Key {
    hash: String,
}

impl Key {
    /// The key with this secret, which is not kept.
    pub fn of(secret: &str) -> Key {
        Key { hash: sha256_hex(secret.as_bytes()) }
    }

    /// The name that journals and logs know it by: `kid_` and the hash's first twelve digits.
    pub fn id(&self) -> String {
        format!("kid_{}", &self.hash[..12])
    }
}

pub(crate) struct Keys(Vec<(Key, Principal)>);

impl Keys {
    pub(crate) fn new(keys: Vec<Key>) -> Keys {
        let principal = |key: &Key| Principal { key: key.id(), role: Role::Admin, tenant: TenantId::new("default") };
        Keys(keys.into_iter().map(|key| (key.clone(), principal(&key))).collect())
    }

    /// Every key is compared, in a time that does not depend on what is equal.
    fn find(&self, secret: &str) -> Option<&Principal> {
        let given = Key::of(secret);
        let mut found = None;
        for (key, principal) in &self.0 {
            if bool::from(key.hash.as_bytes().ct_eq(given.hash.as_bytes())) {
                found = Some(principal);
            }
        }
        found
    }
}

/// The principal of a request whose key is known.
pub(crate) struct Caller(pub(crate) Principal);

impl Caller {
    /// The same as somebody who does something to a run.
    pub(crate) fn person(self) -> Person {
        Person { tenant: self.0.tenant, name: self.0.key }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Caller, Failure> {
        let refused = |detail: &str| Failure::new(Code::Unauthorized, detail);
        let mut secrets: Vec<&str> = Vec::with_capacity(1);
        for value in parts.headers.get_all(API_KEY) {
            secrets.push(value.to_str().map_err(|_| refused("X-API-Key holds characters that no key has"))?);
        }
        for value in parts.headers.get_all(AUTHORIZATION) {
            let bearer = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let (_, secret) = bearer.ok_or_else(|| refused("Authorization must be: Bearer KEY"))?;
            secrets.push(secret.trim());
        }
        let Some(secret) = secrets.first() else {
            return Err(refused("send the key in the header X-API-Key, or as Authorization: Bearer KEY"));
        };
        if secrets.iter().any(|other| other != secret) {
            return Err(refused("the request carries different keys; send one"));
        }
        match app.keys().find(secret) {
            Some(principal) => Ok(Caller(principal.clone())),
            None => Err(refused(
                "the key is not known; the right one is the server's API_KEY or, where none is set, in the file api-key of its data directory",
            )),
        }
    }
}
