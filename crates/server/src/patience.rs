//! A limit on how long a client may take over the head of a request.
//!
//! A connection that is kept for the next request may be silent for a minute, as load balancers like it; once a request has begun, its
//! head must arrive soon, or a few clients that send a byte a second would hold every connection there is.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How far a connection is: even while it waits for a request, odd while one is answered.
#[derive(Clone, Default)]
pub(crate) struct Phase(Arc<AtomicU64>);

impl Phase {
    /// The request's head is there, or its answer's is.
    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection whose reads fail once the head of a request has been arriving for too long.
pub(crate) struct Patient<T> {
    inner: T,
    phase: Phase,
    head_time_max: Duration,
    /// When the head that began in that phase must be there.
    deadline: Option<(u64, Pin<Box<Sleep>>)>,
}

impl<T> Patient<T> {
    pub(crate) fn new(inner: T, phase: Phase, head_time_max: Duration) -> Patient<T> {
        Patient { inner, phase, head_time_max, deadline: None }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        let phase = self.phase.now();
        if self.deadline.as_ref().is_some_and(|(began, _)| *began != phase) {
            self.deadline = None;
        }
        match read {
            Poll::Ready(result) => {
                if phase.is_multiple_of(2) && self.deadline.is_none() && buf.filled().len() > before {
                    self.deadline = Some((phase, Box::pin(tokio::time::sleep(self.head_time_max))));
                }
                Poll::Ready(result)
            }
            Poll::Pending => match &mut self.deadline {
                Some((_, deadline)) => deadline.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
                None => Poll::Pending,
            },
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
