//! What went wrong with an answer: a node refused, or it is no node that answers.

use fazt_actors::outbound::{JSON_BYTES_MAX, Response};
use serde::Deserialize;

use crate::http::model::ErrorBody;

/// What a node refused, in its own words.
#[derive(Debug, thiserror::Error)]
#[error("{message} ({code})")]
pub struct Refusal {
    /// Status of the answer.
    pub status: u16,
    /// The stable name that programs match on.
    pub code: String,
    /// The sentence for people.
    pub message: String,
}

impl Refusal {
    /// The node's refusal in `error`, where it is one.
    pub fn of(error: &anyhow::Error) -> Option<&Refusal> {
        error.downcast_ref()
    }

    /// Whether the node does not know what it was asked about.
    pub fn is_not_found(error: &anyhow::Error) -> bool {
        Refusal::of(error).is_some_and(|refusal| refusal.status == 404)
    }
}

/// An answer that no node gives.
#[derive(Debug, thiserror::Error)]
pub enum Stranger {
    /// A failure in no words of ours.
    #[error("{url} answered {status} and not like a fazt node; is it the address of one?")]
    Status {
        /// What was asked.
        url: String,
        /// Status of the answer.
        status: u16,
    },
    /// A web page.
    #[error(
        "{url} answered {status} with a web page (HTML) and not like a fazt node; is it the \
         address of one?"
    )]
    Page {
        /// What was asked.
        url: String,
        /// Status of the answer.
        status: u16,
    },
    /// A success that cannot be read.
    #[error("{url} did not answer like a fazt node; is it the address of one?")]
    Body {
        /// What was asked.
        url: String,
        /// Where reading it ended.
        #[source]
        cause: serde_json::Error,
    },
    /// A redirect. It is not followed: the token would go to a host that nobody named.
    #[error(
        "{url} sends its visitors on to {target}, where the token was not sent; if that is your \
         node, use that address"
    )]
    Elsewhere {
        /// What was asked.
        url: String,
        /// Where it sends its visitors.
        target: String,
    },
}

impl Stranger {
    /// Whether `error` is an answer that something else gives in a node's place.
    pub fn answers(error: &anyhow::Error) -> bool {
        matches!(
            Stranger::of(error),
            Some(Stranger::Status { .. } | Stranger::Page { .. } | Stranger::Body { .. })
        )
    }

    /// The stranger in `error`, where there is one.
    pub fn of(error: &anyhow::Error) -> Option<&Stranger> {
        error.downcast_ref()
    }
}

/// The original's answer to a bad token, outside of its envelope.
#[derive(Deserialize)]
struct PlainError {
    error: String,
}

/// Reads an answer that is none of success.
pub(super) async fn refused(url: String, status: u16, response: Response) -> anyhow::Error {
    if let (300..=399, Some(target)) = (status, response.header("location")) {
        return Stranger::Elsewhere { url, target: target.to_owned() }.into();
    }
    let request_id = response.header("x-request-id").map(str::to_owned);
    let body = response.bytes(JSON_BYTES_MAX).await.unwrap_or_default();
    let Some((code, mut message)) = words_of(&body) else {
        return Stranger::Status { url, status }.into();
    };
    match (status, request_id) {
        (401, _) => message.push_str("; check FAZT_TOKEN or the token stored for this node"),
        (500.., Some(id)) => message.push_str(&format!(" [request {id}]")),
        _ => {}
    }
    Refusal { status, code, message }.into()
}

/// Code and message of a refusal, in the envelope or as the original writes its 401.
fn words_of(body: &[u8]) -> Option<(String, String)> {
    let Ok(answer) = serde_json::from_slice::<ErrorBody>(body) else {
        let plain: PlainError = serde_json::from_slice(body).ok()?;
        return Some(("UNAUTHORIZED".to_owned(), plain.error));
    };
    let mut message = answer.error.message;
    // Many messages say as much by themselves.
    let details = answer.error.details;
    if let Some(details) = details.filter(|told| !message.contains(&told.constraint)) {
        message.push_str(&format!(" [{}: {}]", details.field, details.constraint));
    }
    Some((answer.error.code, message))
}
