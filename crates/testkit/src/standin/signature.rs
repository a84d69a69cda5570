//! AWS Signature Version 4 from the side of the service: was this request signed with the secret that belongs to the key?
//!
//! The stand-in stands in for every region, so any region of the credential's scope is taken. The age of a signature is not looked at.

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A block of SHA-256, which HMAC is defined by.
const BLOCK_BYTES: usize = 64;

/// A request as it came over the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Still encoded.
    pub(super) path: &'a str,
    /// Still encoded, without the question mark.
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What the `Authorization` header claims.
#[derive(Debug, PartialEq)]
pub(super) struct Claim<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) region: &'a str,
    /// `DATE/REGION/SERVICE/aws4_request`.
    scope: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    /// Reads the header. `None`: it is no signature of this version for this service.
    pub(super) fn read(authorization: &'a str, service: &str) -> Option<Claim<'a>> {
        let fields = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name));
        let (access_key_id, scope) = field("Credential=")?.split_once('/')?;
        let [_, region, of_service, "aws4_request"] = scope.split('/').collect::<Vec<_>>()[..] else { return None };
        let signed_headers = field("SignedHeaders=")?.split(';').collect();
        (of_service == service).then_some(Claim { access_key_id, region, scope, signed_headers, signature: field("Signature=")? })
    }

    /// Whether this secret signed this request.
    ///
    /// # Errors
    /// It did not, in AWS's words.
    pub(super) fn verify(&self, request: &Request<'_>, secret: &str) -> Result<(), String> {
        let must_sign = request.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("x-amz-")).chain(["host"]);
        for name in must_sign {
            if !self.signed_headers.contains(&name) {
                return Err(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."));
            }
        }
        let time = text(request.headers, "x-amz-date");
        let mut scope = self.scope.split('/');
        let date = scope.next().unwrap_or_default();
        if !time.starts_with(date) {
            return Err(format!("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{time}'."));
        }
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{}\n{}", self.scope, hex(&Sha256::digest(self.canonical(request))));
        let first = hmac(format!("AWS4{secret}").as_bytes(), date.as_bytes());
        let key = scope.fold(first, |key, part| hmac(&key, part.as_bytes()));
        if hex(&hmac(&key, to_sign.as_bytes())) == self.signature {
            return Ok(());
        }
        Err("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing \
             method. Consult the service documentation for details."
            .to_owned())
    }

    /// The request in the one form that both sides hash.
    fn canonical(&self, request: &Request<'_>) -> String {
        let mut query: Vec<&str> = request.query.split('&').filter(|pair| !pair.is_empty()).collect();
        query.sort_unstable();
        // Every service but S3 encodes the path as it is sent once more: a `%3A` becomes `%253A`.
        let mut form = format!("{}\n{}\n{}\n", request.method, encoded(request.path), query.join("&"));
        for name in &self.signed_headers {
            let _ = writeln!(form, "{name}:{}", text(request.headers, name).split_whitespace().collect::<Vec<_>>().join(" "));
        }
        form + "\n" + &self.signed_headers.join(";") + "\n" + &hex(&Sha256::digest(request.body))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(byte as char);
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; BLOCK_BYTES];
    if key.len() > BLOCK_BYTES {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request that AWS's documentation signs as its example, and the secret that it does so with.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

    fn headers() -> HeaderMap {
        let pairs =
            [("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("host", "iam.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
        pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn says(request: Request<'_>, secret: &str) -> String {
        let claim = Claim::read(AUTHORIZATION, "iam").unwrap();
        claim.verify(&request, secret).err().unwrap_or_default()
    }

    #[test]
    fn the_documentations_own_example_is_signed_and_nothing_about_it_may_change() {
        let headers = headers();
        let example = Request { method: "GET", path: "/", query: "Version=2010-05-08&Action=ListUsers", headers: &headers, body: b"" };
        assert_eq!(says(example, SECRET), "");
        let (mut later, mut other) = (headers.clone(), headers.clone());
        later.insert("x-amz-date", "20150830T123601Z".parse().unwrap());
        other.insert("host", "sts.amazonaws.com".parse().unwrap());
        for (changed, secret) in [
            (example, "another"),
            (Request { method: "POST", ..example }, SECRET),
            (Request { path: "/x", ..example }, SECRET),
            (Request { query: "Action=ListUsers", ..example }, SECRET),
            (Request { body: b"x", ..example }, SECRET),
            (Request { headers: &later, ..example }, SECRET),
            (Request { headers: &other, ..example }, SECRET),
        ] {
            assert!(says(changed, secret).starts_with("The request signature we calculated does not match"), "{changed:?}");
        }
    }

    #[test]
    fn what_must_be_signed_and_what_a_signature_is_for_are_looked_at() {
        let (mut with_token, mut next_day) = (headers(), headers());
        with_token.insert("x-amz-security-token", "t".parse().unwrap());
        next_day.insert("x-amz-date", "20150831T123600Z".parse().unwrap());
        let request = |headers| Request { method: "GET", path: "/", query: "Action=ListUsers&Version=2010-05-08", headers, body: b"" };
        assert!(says(request(&with_token), SECRET).contains("'x-amz-security-token' must be"));
        assert!(says(request(&next_day), SECRET).starts_with("Date in Credential scope"));
        assert_eq!(Claim::read(AUTHORIZATION, "bedrock"), None);
        assert_eq!(Claim::read("Bearer x", "iam"), None);
    }

    #[test]
    fn a_path_is_encoded_once_more() {
        assert_eq!(encoded("/model/arn%3Aaws/converse"), "/model/arn%253Aaws/converse");
        assert_eq!(encoded("/model/a.b-c:0"), "/model/a.b-c%3A0");
    }
}
