//! Answers: the envelope of a success, and the failures that operations share.

use std::collections::BTreeSet;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Responses, ResponsesBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Response, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::description::{Description, NamedSchema};
use crate::http::model::{ErrorBody, PageMeta};
use crate::http::permission::Permission;
use crate::http::routes::Endpoint;

/// A failure that operations share.
pub(super) struct Failure {
    /// Its name in the document.
    pub(super) name: &'static str,
    /// Its status, as a key of the document: failures of the node itself share one.
    status: &'static str,
    about: &'static str,
    /// A header that it always has, and what that says.
    header: Option<(&'static str, &'static str)>,
}

impl Failure {
    const fn new(status: &'static str, name: &'static str, about: &'static str) -> Failure {
        Failure { name, status, about, header: None }
    }

    const fn with(self, name: &'static str, about: &'static str) -> Failure {
        Failure { header: Some((name, about)), ..self }
    }

    /// Its status, as a key of the document.
    #[cfg(test)]
    pub(super) fn status(&self) -> &'static str {
        self.status
    }

    /// It as the document's components hold it.
    pub(super) fn response(&self) -> Response {
        let body = Ref::from_schema_name(ErrorBody::name());
        let content = ContentBuilder::new().schema(Some(body)).build();
        let response =
            Response::builder().description(self.about).content("application/json", content);
        match self.header {
            Some((name, about)) => {
                let text = ObjectBuilder::new().schema_type(Type::String);
                let header = HeaderBuilder::new().schema(Some(text)).description(Some(about));
                response.header(name, header.build()).build()
            }
            None => response.build(),
        }
    }
}

/// Every failure that the document knows.
pub(super) static FAILURES: &[Failure] = &[
    Failure::new(
        "400",
        "Invalid",
        "The request can never succeed as it stands; `error.details` names a field that is at \
         fault.",
    ),
    Failure::new(
        "401",
        "Unauthenticated",
        "There is no credential, or one that is wrong or has expired.",
    )
    .with("WWW-Authenticate", "`Bearer`"),
    Failure::new(
        "403",
        "Forbidden",
        "The credential does not reach this far; `x-permission` says what does.",
    ),
    Failure::new("404", "NotFound", "What the path, the query or the body names does not exist."),
    Failure::new("409", "Conflict", "The state of the node is another than the request expects."),
    Failure::new("413", "TooLarge", "The body, or something in it, is above its limit."),
    Failure::new("429", "TooMany", "Too many attempts; the same may succeed later.")
        .with("Retry-After", "Seconds to wait."),
    Failure::new(
        "5XX",
        "Failed",
        "The node could not do it: 503 with `Retry-After` while it is busy, 507 when its disk is \
         full, 500 for a defect.",
    ),
];

/// What an operation answers, by status.
pub(super) fn of(endpoint: &Endpoint, found: &Description) -> Responses {
    let mut statuses: BTreeSet<String> = found.failures.iter().map(u16::to_string).collect();
    let mut also = |status: &str, applies: bool| {
        if applies {
            statuses.insert(status.to_owned());
        }
    };
    let is_closed = endpoint.permission != Permission::Public;
    also("401", is_closed);
    also("403", is_closed);
    also("400", found.body.is_some() || !(endpoint.query)().is_empty());
    also("413", found.body.is_some());
    also("404", endpoint.path.contains('{'));
    also("5XX", true);
    let failures = FAILURES.iter().filter(|failure| statuses.contains(failure.status));
    let failures = failures.map(|failure| (failure.status, Ref::from_response_name(failure.name)));
    let answers = found.answers.iter().cloned();
    ResponsesBuilder::new()
        .responses_from_iter(answers.map(|(status, answer)| (status.to_string(), answer)))
        .responses_from_iter(failures)
        .build()
}

/// `{"data": …}`, with `meta` where it is a page.
pub(super) fn enveloped(data: RefOr<Schema>, is_page: bool) -> Response {
    let mut envelope = ObjectBuilder::new().property("data", data).required("data");
    if is_page {
        let meta = Ref::from_schema_name(PageMeta::name());
        envelope = envelope.property("meta", meta).required("meta");
    }
    let content = ContentBuilder::new().schema(Some(envelope)).build();
    Response::builder().description("All is well.").content("application/json", content).build()
}

/// The schemas that all of this refers to.
pub(super) fn schemas() -> Vec<NamedSchema> {
    let mut schemas = vec![
        (ErrorBody::name().into_owned(), ErrorBody::schema()),
        (PageMeta::name().into_owned(), PageMeta::schema()),
    ];
    ErrorBody::schemas(&mut schemas);
    PageMeta::schemas(&mut schemas);
    schemas
}
