//! Clients that keep their connections and ask one request after the other.

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Requests that were answered.
pub(crate) struct Answered {
    pub(crate) per_second: f64,
    /// From asking to the whole answer, shortest first.
    pub(crate) waits: Vec<Duration>,
}

/// Sends so many requests over so many connections; every answer must be a 200.
///
/// All clients share one thread, so that little of the machine is taken from the server.
pub(crate) fn answers(address: SocketAddr, connections: usize, requests: usize, request: &Request<Bytes>) -> Result<Answered> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let begun = Instant::now();
        let clients: Vec<_> = (0..connections).map(|_| tokio::spawn(client(address, requests / connections, request.clone()))).collect();
        let mut waits = Vec::with_capacity(requests);
        for client in clients {
            waits.extend(client.await??);
        }
        let per_second = waits.len() as f64 / begun.elapsed().as_secs_f64();
        waits.sort_unstable();
        Ok(Answered { per_second, waits })
    })
}

async fn client(address: SocketAddr, requests: usize, request: Request<Bytes>) -> Result<Vec<Duration>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with its sender; what goes wrong on the way is an error of the request under way.
    tokio::spawn(connection);
    let mut waits = Vec::with_capacity(requests);
    for _ in 0..requests {
        let asked = Instant::now();
        let response = sender.send_request(request.clone().map(Full::new)).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(status == StatusCode::OK, "{status}: {}", String::from_utf8_lossy(&body));
        waits.push(asked.elapsed());
    }
    Ok(waits)
}
