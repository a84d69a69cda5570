//! One request and its answer over a connection of its own, with the time of each phase.

use super::Place;
use crate::egress::{Egress, Error};
use crate::tls::{self, HandshakeFault};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use url::Position;

const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Enough to see that a body comes; the rest says nothing that is reported.
const BODY_BYTES_MAX: u64 = 256 * 1024;
/// Less than this is no fair chance to answer.
const LEFT_MIN: Duration = Duration::from_secs(1);
/// A body that trickles is not waited for; the answer is what counts.
const BODY_MAX: Duration = Duration::from_secs(2);

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) address: SocketAddr,
    pub(super) resolve: Duration,
    pub(super) connect: Duration,
    /// `None` for http.
    pub(super) handshake: Option<Duration>,
    /// From the request to the first of the answer.
    pub(super) first_byte: Duration,
    pub(super) body_bytes: u64,
    /// Whether the body was read to its end.
    pub(super) body_whole: bool,
    /// The name asked for and the certificates sent.
    pub(super) tls: Option<(ServerName<'static>, Vec<CertificateDer<'static>>)>,
}

/// Why there was no answer.
pub(super) enum Failure {
    /// It was not connected to.
    Egress(Error),
    /// No TLS.
    Tls(HandshakeFault),
    /// What came was no HTTP, or the connection closed first.
    NotHttp(String),
    /// Nothing came, for so long.
    Silent(Duration),
    /// The redirects before it took all the time.
    OutOfTime,
}

/// Asks, within about `limit`; the name look-up has its own.
pub(super) async fn exchange(egress: &Egress, place: &Place, method: Method, limit: Duration) -> Result<Answer, Failure> {
    let started = Instant::now();
    let left = || limit.saturating_sub(started.elapsed());
    if limit < LEFT_MIN {
        return Err(Failure::OutOfTime);
    }
    // Dropped when time is up in the middle of a name: a late redirect may come to a name server that is dead.
    let connecting = timeout(left(), egress.connect(&place.host, place.port, CONNECT_MAX.min(left())));
    let connected = connecting.await.map_err(|_| Failure::OutOfTime)?.map_err(Failure::Egress)?;
    let (mut handshake, mut tls) = (None, None);
    let (status, headers, first_byte, body) = if place.tls {
        let name = ServerName::try_from(place.host.clone());
        let name = name.map_err(|_| Failure::Tls(HandshakeFault::Failed("this name cannot be asked for in TLS".to_owned())))?;
        let secured = tls::handshake(connected.stream, name.clone(), &["http/1.1"], left()).await.map_err(Failure::Tls)?;
        handshake = Some(secured.took);
        tls = Some((name, secured.chain));
        request(secured.stream, place, method, left()).await?
    } else {
        request(connected.stream, place, method, left()).await?
    };
    Ok(Answer {
        status,
        headers,
        address: connected.address,
        resolve: connected.resolve,
        connect: connected.connect,
        handshake,
        first_byte,
        body_bytes: body.0,
        body_whole: body.1,
        tls,
    })
}

type Reply = (StatusCode, HeaderMap, Duration, (u64, bool));

async fn request(stream: impl AsyncRead + AsyncWrite + Unpin, place: &Place, method: Method, limit: Duration) -> Result<Reply, Failure> {
    let not_http = |error: hyper::Error| Failure::NotHttp(describe(&error));
    let host = &place.url[Position::BeforeHost..Position::AfterPort];
    let request = Request::builder()
        .method(method)
        .uri(&place.url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, host)
        .header(USER_AGENT, concat!("orchestrator/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|e| Failure::NotHttp(format!("the address cannot be asked for: {e}")))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(not_http)?;
    let asked = Instant::now();
    let reply = async {
        let response = match timeout(limit, sender.send_request(request)).await {
            Ok(response) => response.map_err(not_http)?,
            Err(_) => return Err(Failure::Silent(limit)),
        };
        let first_byte = asked.elapsed();
        let (head, mut body) = response.into_parts();
        let mut read = 0;
        let reading = async {
            while let Some(frame) = body.frame().await {
                let Ok(frame) = frame else { return false };
                read += frame.data_ref().map_or(0, |data| data.len() as u64);
                if read >= BODY_BYTES_MAX {
                    return false;
                }
            }
            true
        };
        let whole = timeout(BODY_MAX.min(limit.saturating_sub(first_byte)), reading).await.unwrap_or(false);
        Ok((head.status, head.headers, first_byte, (read, whole)))
    };
    // The connection's own future moves the bytes. What it fails with, the request fails with too.
    let moving = async {
        let _ = connection.await;
        std::future::pending::<Reply>().await
    };
    tokio::select! {
        biased;
        reply = reply => reply,
        never = moving => Ok(never),
    }
}

fn describe(error: &hyper::Error) -> String {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        "it closed the connection before a whole answer".to_owned()
    } else if error.is_parse_version_h2() {
        "it speaks HTTP/2 alone, without TLS".to_owned()
    } else if error.is_parse() {
        "what it sent is no HTTP".to_owned()
    } else {
        match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        }
    }
}
