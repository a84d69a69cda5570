//! The listener: connections in, and an end that nobody notices who asks through a load balancer.

use crate::app::App;
use crate::frame::Peer;
use crate::patience::{Patient, Phase};
use crate::router::router;
use axum::Router;
use axum::body::Body;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Times and sizes of the listener.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// After the word to end: how long the health says so while everything still works. 3 s, for a balancer that asks each second and
    /// gives up after two failures.
    pub drain_delay: Duration,
    /// After that: how long requests and runs under way have to land. 5 s, so that the whole stays below 10 s.
    pub drain_limit: Duration,
    /// The longest that a request's head may take to arrive. 10 s.
    pub head_time_max: Duration,
    /// How long a connection is kept for the next request. 75 s, longer than load balancers keep theirs (60 s), so that they are
    /// the ones to close.
    pub idle_max: Duration,
    /// Bytes of a request's head. 64 KiB.
    pub head_bytes_max: usize,
    /// Connections at once; further ones wait to be accepted. 4,096.
    pub connections_max: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            drain_delay: Duration::from_secs(3),
            drain_limit: Duration::from_secs(5),
            head_time_max: Duration::from_secs(10),
            idle_max: Duration::from_secs(75),
            head_bytes_max: 64 * 1024,
            connections_max: 4_096,
        }
    }
}

/// Of the drain's time, how much requests have before the engine stops taking runs, as one request may still need it.
const REQUESTS_FIRST: Duration = Duration::from_secs(2);

/// For the requests of connections accepted a moment ago: an idle connection is closed at once when the end comes.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Answers requests until `shutdown` completes, then drains. Returns whether everything landed in time; runs that did not are
/// parked durably and go on at the next start.
///
/// Takes at most `drain_delay + drain_limit` after `shutdown`.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>, options: Options) -> bool {
    let mut server = Server::new(app, options);
    server.accept(&listener, shutdown).await;

    // The balancer learns that it should look elsewhere; until it does, everything works.
    server.app.draining().cancel();
    server.accept(&listener, sleep(options.drain_delay)).await;

    let deadline = Instant::now() + options.drain_limit;
    // Whoever is connected already is served too.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        server.connected(stream, peer, None);
    }
    drop(listener);
    sleep(LAST_WORDS).await;
    server.app.closing().cancel();
    server.connections.close();
    let requests_landed = timeout(options.drain_limit.min(REQUESTS_FIRST), server.connections.wait()).await.is_ok();
    let runs_landed = server.app.engine().drain(deadline.saturating_duration_since(Instant::now())).await;
    let requests_landed = requests_landed || timeout(deadline.saturating_duration_since(Instant::now()), server.connections.wait()).await.is_ok();
    server.killed.cancel();
    server.connections.wait().await;
    requests_landed && runs_landed
}

struct Server {
    app: App,
    router: Router,
    options: Options,
    slots: Arc<Semaphore>,
    connections: TaskTracker,
    /// Set when connections are cut off, whatever they are at.
    killed: CancellationToken,
}

impl Server {
    fn new(app: App, options: Options) -> Server {
        Server {
            router: router(app.clone()),
            app,
            options,
            slots: Arc::new(Semaphore::new(options.connections_max)),
            connections: TaskTracker::new(),
            killed: CancellationToken::new(),
        }
    }

    async fn accept(&mut self, listener: &TcpListener, until: impl Future<Output = ()>) {
        let accepting = async {
            loop {
                let Ok(slot) = self.slots.clone().acquire_owned().await else {
                    return;
                };
                match listener.accept().await {
                    Ok((stream, peer)) => self.connected(stream, peer, Some(slot)),
                    Err(error) => {
                        tracing::warn!("a connection could not be accepted: {error}");
                        // Out of file descriptors, mostly: asking again at once would only burn the processor.
                        sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            () = until => {}
        }
    }

    fn connected(&self, stream: TcpStream, peer: SocketAddr, slot: Option<OwnedSemaphorePermit>) {
        // Answers are written whole; waiting for more would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, "the connection keeps its delay: {error}");
        }
        let phase = Phase::default();
        let stream = TokioIo::new(Patient::new(stream, phase.clone(), self.options.head_time_max));
        let router = self.router.clone();
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            phase.advance();
            let (router, phase) = (router.clone(), phase.clone());
            async move {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(Peer(peer));
                let response = router.oneshot(request).await;
                phase.advance();
                Ok::<_, Infallible>(response.unwrap_or_else(|never| match never {}))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.options.idle_max)
            .max_buf_size(self.options.head_bytes_max)
            .serve_connection(stream, service);
        let (closing, killed) = (self.app.closing().clone(), self.killed.clone());
        self.connections.spawn(async move {
            let _slot = slot;
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                biased;
                ended = connection.as_mut() => ended,
                () = closing.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection => ended,
                        () = killed.cancelled() => return,
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, "the connection ended: {error}");
            }
        });
    }
}
