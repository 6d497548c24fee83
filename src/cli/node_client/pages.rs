//! Lists that come in pages.

use fazt_actors::outbound::{Body, Verb};
use serde::de::{DeserializeOwned, Error};

use super::{NodeClient, Stranger, segment};
use crate::http::model::Envelope;

/// Pages of a list that are followed: 100,000 entries at 1,000 a page.
const PAGES_MAX: usize = 100;
/// Entries of a page, where a number of them is wanted; no node gives more at once.
const PAGE_ENTRIES: usize = 1_000;

impl NodeClient {
    /// The entries of the list at `path`, which may have a query: all of them, or the first
    /// `limit`. `what` they are is for the error about a list that does not end.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        what: &str,
        limit: Option<usize>,
    ) -> anyhow::Result<Vec<T>> {
        let entries = self.pages_or_null(path, what, limit).await?;
        entries.ok_or_else(|| {
            let cause = serde_json::Error::custom("null in place of a list");
            Stranger::Body { url: format!("{}{path}", self.base), cause }.into()
        })
    }

    /// The same; none where the node answers null in place of a list, as the original does.
    pub(super) async fn pages_or_null<T: DeserializeOwned>(
        &self,
        path: &str,
        what: &str,
        limit: Option<usize>,
    ) -> anyhow::Result<Option<Vec<T>>> {
        let mut entries: Vec<T> = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let left = limit.map(|limit| (limit - entries.len()).min(PAGE_ENTRIES));
            let left = left.map(|left| left.to_string());
            let query = [("limit", left), ("cursor", cursor)];
            let request = self.request(Verb::Get, &with_query(path, query), Body::Empty);
            let page: Envelope<Option<Vec<T>>> = self.envelope(request).await?;
            let Some(more) = page.data else { return Ok(None) };
            // Nothing can be said to follow nothing.
            cursor = page.meta.and_then(|meta| meta.next_cursor).filter(|_| !more.is_empty());
            entries.extend(more);
            let is_enough = limit.is_some_and(|limit| entries.len() >= limit);
            if is_enough || cursor.is_none() {
                entries.truncate(limit.unwrap_or(usize::MAX));
                return Ok(Some(entries));
            }
        }
        anyhow::bail!("{} sends a list of {what} that does not end", self.shown)
    }
}

/// The path with those of the parameters that have a value.
pub(super) fn with_query<const N: usize>(
    path: &str,
    parameters: [(&str, Option<String>); N],
) -> String {
    let mut path = path.to_owned();
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        let separator = if path.contains('?') { '&' } else { '?' };
        path.push_str(&format!("{separator}{name}={}", segment(&value)));
    }
    path
}

#[cfg(test)]
mod tests;
