//! The answer that carries a file: conditions, encodings, ranges and headers.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use fazt_actors::encoding::Encoding;
use fazt_actors::router::headers::{HeaderAction, HeaderRules};
use fazt_actors::router::index::IndexedFile;

use super::conditional::{if_match, if_none_match, if_range, modified_since_equal};
use super::content_body::{ContentBody, ContentRange, Parts, content_body};
use super::error::ApiResult;
use super::negotiate::choose;
use super::range::{self, Ranges};
use crate::node::Node;

/// Characters between the parts of a multipart answer.
const BOUNDARY_CHARS: usize = 24;

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");
const BYTES: HeaderValue = HeaderValue::from_static("bytes");

/// Headers that describe the bytes being sent; rules of an app cannot change them.
const DESCRIBING: [HeaderName; 5] = [
    header::CONTENT_ENCODING,
    header::CONTENT_RANGE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
];

/// A file to answer with, and how.
pub(super) struct FileAnswer<'a> {
    /// The file.
    pub(super) file: &'a IndexedFile,
    /// 200, or 404 for an error page.
    pub(super) status: StatusCode,
    /// Whether search engines are told to stay away.
    pub(super) is_preview: bool,
}

/// Answers with a file.
pub(super) async fn file_response(
    node: &Node,
    request: &HttpRequest,
    answer: FileAnswer<'_>,
) -> ApiResult {
    let file = answer.file;
    let headers = request.headers();
    let is_page_itself = answer.status == StatusCode::OK;
    let range =
        text(headers, header::RANGE).filter(|_| is_page_itself && *request.method() == Method::GET);
    let encoding = match range {
        Some(_) => Encoding::Identity,
        None if file.encodings.is_empty() => Encoding::Identity,
        None => choose(text(headers, header::ACCEPT_ENCODING), file.encodings),
    };
    let etag = file.etag(encoding);
    if is_page_itself {
        match precondition(headers, file, etag.as_str()) {
            Precondition::Proceed => {}
            Precondition::NotModified => {
                return Ok(not_modified(&answer, etag.as_str()));
            }
            Precondition::Failed => {
                return Ok(HttpResponse::new(StatusCode::PRECONDITION_FAILED));
            }
        }
    }
    if let Some(range) = range.filter(|_| range_applies(headers, file)) {
        match range::parse(range, file.size) {
            Ranges::Ignore => {}
            Ranges::Unsatisfiable => {
                return Ok(HttpResponse::RangeNotSatisfiable()
                    .insert_header((header::CONTENT_RANGE, range::unsatisfied(file.size)))
                    .insert_header((header::ACCEPT_RANGES, "bytes"))
                    .finish());
            }
            Ranges::Parts(parts) => return partial(node, &answer, &parts).await,
        }
    }
    let mut response = describe(answer.status, &answer, encoding, etag.as_str());
    if *request.method() == Method::HEAD {
        let length = form_length(node, file, encoding).await?;
        return Ok(response.body(ContentBody::Length(length)));
    }
    // The size of an encoded form is not in the index, but it is smaller than the identity.
    let whole = ContentRange::whole(file.size);
    let body = content_body(&node.contents, file.content, encoding, file.size, whole).await?;
    Ok(response.body(body))
}

/// The length that a GET of this form would have.
async fn form_length(node: &Node, file: &IndexedFile, encoding: Encoding) -> ApiResult<u64> {
    if encoding == Encoding::Identity {
        return Ok(file.size);
    }
    let loaded = node.contents.load(file.content, encoding).await?;
    Ok(loaded.map_or(file.size, |bytes| bytes.len() as u64))
}

enum Precondition {
    Proceed,
    NotModified,
    Failed,
}

/// RFC 9110 section 13.2.2, with one difference: a date only answers 304 when it is the
/// file's own, because a rollback moves files back in time.
fn precondition(headers: &HeaderMap, file: &IndexedFile, etag: &str) -> Precondition {
    if let Some(wanted) = text(headers, header::IF_MATCH)
        && !if_match(wanted, etag)
    {
        return Precondition::Failed;
    }
    if let Some(known) = text(headers, header::IF_NONE_MATCH) {
        return match if_none_match(known, etag) {
            true => Precondition::NotModified,
            false => Precondition::Proceed,
        };
    }
    let modified_secs = u64::try_from(file.modified_secs).unwrap_or(0);
    match text(headers, header::IF_MODIFIED_SINCE) {
        Some(since) if modified_since_equal(since, modified_secs) => Precondition::NotModified,
        Some(_) | None => Precondition::Proceed,
    }
}

fn range_applies(headers: &HeaderMap, file: &IndexedFile) -> bool {
    text(headers, header::IF_RANGE).is_none_or(|held| {
        if_range(held, file.etag(Encoding::Identity).as_str(), file.last_modified())
    })
}

async fn partial(
    node: &Node,
    answer: &FileAnswer<'_>,
    parts: &[std::ops::RangeInclusive<u64>],
) -> ApiResult {
    let file = answer.file;
    let mut bodies = Vec::with_capacity(parts.len());
    for part in parts {
        let wanted = ContentRange::part(*part.start(), range::length(part));
        let body =
            content_body(&node.contents, file.content, Encoding::Identity, file.size, wanted);
        bodies.push(body.await?);
    }
    let etag = answer.file.etag(Encoding::Identity);
    let mut response =
        describe(StatusCode::PARTIAL_CONTENT, answer, Encoding::Identity, etag.as_str());
    if let ([part], 1) = (parts, bodies.len())
        && let Some(body) = bodies.pop()
    {
        response.insert_header((header::CONTENT_RANGE, range::content_range(part, file.size)));
        return Ok(response.body(body));
    }
    let boundary = fazt_actors::random::base62(BOUNDARY_CHARS);
    let frame = range::multipart(parts, file.size, file.media.name, &boundary);
    let framed = frame.heads.into_iter().map(Bytes::from).zip(bodies).collect();
    response.insert_header((header::CONTENT_TYPE, frame.content_type));
    let body = Parts::new(framed, frame.tail.into(), frame.length);
    Ok(response.body(ContentBody::Parts(body)))
}

/// The answer to a client that has the file: what its cache may have to change, and nothing
/// else of what it knows already (RFC 9110 section 15.4.5).
fn not_modified(answer: &FileAnswer<'_>, etag: &str) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::NOT_MODIFIED);
    response
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(cache_control(answer))));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        response.insert_header((header::ETAG, etag));
    }
    if answer.file.media.compressible {
        response.insert_header((header::VARY, BY_ENCODING));
    }
    if answer.is_preview {
        response.insert_header(NOINDEX);
    }
    response.finish()
}

/// The headers that say what is sent.
fn describe(
    status: StatusCode,
    answer: &FileAnswer<'_>,
    encoding: Encoding,
    etag: &str,
) -> actix_web::HttpResponseBuilder {
    let file = answer.file;
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static(file.media.name)))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(cache_control(answer))))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, NOSNIFF));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        response.insert_header((header::ETAG, etag));
    }
    if let Ok(modified) = HeaderValue::from_str(file.last_modified()) {
        response.insert_header((header::LAST_MODIFIED, modified));
    }
    if file.media.compressible {
        // Also before its variants exist: caches must not take this one for all.
        response.insert_header((header::VARY, BY_ENCODING));
    }
    match encoding {
        Encoding::Identity => {
            response.insert_header((header::ACCEPT_RANGES, BYTES));
        }
        Encoding::Brotli | Encoding::Zstd | Encoding::Gzip => {
            let token = HeaderValue::from_static(encoding.token());
            response.insert_header((header::CONTENT_ENCODING, token));
        }
    }
    if answer.is_preview {
        response.insert_header(NOINDEX);
    }
    response
}

/// The header that keeps search engines away from previews.
pub(super) const NOINDEX: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));

fn cache_control(answer: &FileAnswer<'_>) -> &'static str {
    if answer.status == StatusCode::OK { answer.file.cache.header() } else { "no-cache" }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Lets the rules of an app's `_headers` change an answer.
pub(super) fn apply_header_rules(
    response: &mut HttpResponse,
    rules: &HeaderRules,
    host: &str,
    path: &str,
) {
    for action in rules.matching(host, path) {
        match action {
            HeaderAction::Set { name, value } => {
                let name = HeaderName::from_bytes(name.as_bytes());
                let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) else {
                    continue;
                };
                if DESCRIBING.contains(&name) {
                    continue;
                }
                if name == header::SET_COOKIE {
                    response.headers_mut().append(name, value);
                } else {
                    response.headers_mut().insert(name, value);
                }
            }
            HeaderAction::Remove { name } => {
                if let Ok(name) = HeaderName::from_bytes(name.as_bytes())
                    && !DESCRIBING.contains(&name)
                {
                    response.headers_mut().remove(name);
                }
            }
        }
    }
}
