//! What the owner asks of a node: the account, the audit log, mapped domains.

use fazt_actors::outbound::{Body, Verb};

use super::{NodeClient, segment};
use crate::http::model::{
    AuditEntry, CredentialsRequest, Envelope, MappedDomain, MappedDomainRequest, Message,
};

/// Pages of a list that are followed.
const PAGES_MAX: usize = 1_000;

/// Entries of one page of the audit log.
const AUDIT_PAGE: usize = 1_000;

/// Which entries of the audit log are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this app alone.
    pub app: Option<String>,
    /// Of this action alone.
    pub action: Option<String>,
    /// By somebody of this name alone.
    pub actor: Option<String>,
    /// From this time on, RFC 3339.
    pub since: Option<String>,
}

impl NodeClient {
    /// `PUT /api/user/credentials`.
    pub async fn set_credentials(&self, change: &CredentialsRequest) -> anyhow::Result<Message> {
        self.call(Verb::Put, "/api/user/credentials", change).await
    }

    /// `GET /api/audit`, as many pages as `limit` entries need.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        limit: usize,
    ) -> anyhow::Result<Vec<AuditEntry>> {
        let mut entries: Vec<AuditEntry> = Vec::new();
        let mut cursor: Option<String> = None;
        while entries.len() < limit {
            let wanted = (limit - entries.len()).min(AUDIT_PAGE);
            let mut path = format!("/api/audit?limit={wanted}");
            let parameters = [
                ("app", &filter.app),
                ("action", &filter.action),
                ("actor", &filter.actor),
                ("since", &filter.since),
                ("cursor", &cursor),
            ];
            for (name, value) in parameters {
                if let Some(value) = value {
                    path.push_str(&format!("&{name}={}", segment(value)));
                }
            }
            let page: Envelope<Vec<AuditEntry>> =
                self.envelope(self.request(Verb::Get, &path, Body::Empty)).await?;
            entries.extend(page.data);
            cursor = page.meta.and_then(|meta| meta.next_cursor);
            if cursor.is_none() {
                break;
            }
        }
        Ok(entries)
    }

    /// `GET /api/mapped-domains`, all pages.
    pub async fn domains(&self, app: Option<&str>) -> anyhow::Result<Vec<MappedDomain>> {
        let mut domains: Vec<MappedDomain> = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES_MAX {
            let mut path = format!("/api/mapped-domains?cursor={}", segment(&cursor));
            if let Some(app) = app {
                path.push_str(&format!("&app={}", segment(app)));
            }
            let page: Envelope<Vec<MappedDomain>> =
                self.envelope(self.request(Verb::Get, &path, Body::Empty)).await?;
            domains.extend(page.data);
            match page.meta.and_then(|meta| meta.next_cursor) {
                Some(next) => cursor = next,
                None => return Ok(domains),
            }
        }
        anyhow::bail!("{} sends a list of domains that does not end", self.shown())
    }

    /// `POST /api/mapped-domains`.
    pub async fn add_domain(&self, domain: &str, app: &str) -> anyhow::Result<MappedDomain> {
        let body = MappedDomainRequest { domain: domain.to_owned(), app: app.to_owned() };
        self.call(Verb::Post, "/api/mapped-domains", &body).await
    }

    /// `DELETE /api/mapped-domains/{domain}`.
    pub async fn remove_domain(&self, domain: &str) -> anyhow::Result<Message> {
        let path = format!("/api/mapped-domains/{}", segment(domain));
        self.data(self.request(Verb::Delete, &path, Body::Empty)).await
    }
}
