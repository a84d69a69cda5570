//! A model vendor.

use domain::model::{ModelError, ModelReply, ModelRequest};
use futures_util::stream::BoxStream;

/// Answers requests for the models of one provider.
///
/// An implementation makes one attempt and classifies what went wrong; the engine alone retries.
pub trait Model: Send + Sync {
    /// Where requests go, for the journal: a host name, or `local`.
    fn destination(&self) -> String;

    /// Sends the request, with `output_tokens_max` in place of the request's own, and gives the reply as it comes.
    ///
    /// The stream ends after `Finished` or the first error. Dropping it closes the connection.
    fn stream(&self, request: &ModelRequest, output_tokens_max: u32) -> BoxStream<'static, Result<ModelEvent, ModelError>>;
}

/// A part of a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelEvent {
    /// More of the text, for those who watch. Never empty.
    Text(String),
    /// The model writes something that is not text for people, such as a call's arguments: that many bytes more.
    Progress(usize),
    /// The whole reply. The last event.
    Finished(ModelReply),
}
