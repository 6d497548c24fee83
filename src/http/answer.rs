//! Successful answers in their envelope.

use actix_web::HttpResponse;
use serde::Serialize;

use super::model::{Envelope, PageMeta};

/// A successful answer that is not a page of a list.
pub(super) fn answer<T: Serialize>(data: T) -> HttpResponse {
    HttpResponse::Ok().json(Envelope { data, meta: None })
}

/// The answer to something that was made.
pub(super) fn created<T: Serialize>(data: T) -> HttpResponse {
    HttpResponse::Created().json(Envelope { data, meta: None })
}

/// How many entries a page has: as many as were asked for, within `1..=max`.
pub(super) fn page_size(asked: Option<u32>, default: usize, max: usize) -> usize {
    asked.map_or(default, |limit| usize::try_from(limit).unwrap_or(max)).clamp(1, max)
}

/// The cursor after the last entry of a page; none after a page that is not full.
pub(super) fn next_cursor<T>(
    page: &[T],
    size: usize,
    cursor: impl Fn(&T) -> String,
) -> Option<String> {
    page.last().filter(|_| page.len() == size).map(cursor)
}

/// A page of a list, with what leads to the next one.
pub(super) fn page<T: Serialize>(
    data: Vec<T>,
    next_cursor: Option<String>,
    total: Option<u64>,
) -> HttpResponse {
    HttpResponse::Ok().json(Envelope { data, meta: Some(PageMeta { next_cursor, total }) })
}
