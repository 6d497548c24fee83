//! Successful answers in their envelope.

use actix_web::HttpResponse;
use serde::Serialize;

use super::model::{Envelope, PageMeta};

/// A successful answer that is not a page of a list.
pub(super) fn answer<T: Serialize>(data: T) -> HttpResponse {
    HttpResponse::Ok().json(Envelope { data, meta: None })
}

/// A page of a list, with what leads to the next one.
pub(super) fn page<T: Serialize>(
    data: Vec<T>,
    next_cursor: Option<String>,
    total: Option<u64>,
) -> HttpResponse {
    HttpResponse::Ok().json(Envelope { data, meta: Some(PageMeta { next_cursor, total }) })
}
