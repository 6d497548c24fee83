//! What the owner asks of a node: the account, the audit log, mapped domains.

use fazt_actors::outbound::{Body, Verb};

use super::{NodeClient, pages::with_query, segment};
use crate::http::model::{
    AuditEntry, CredentialsRequest, MappedDomain, MappedDomainRequest, Message,
};

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
        let AuditFilter { app, action, actor, since } = filter.clone();
        let parameters = [("app", app), ("action", action), ("actor", actor), ("since", since)];
        self.pages(&with_query("/api/audit", parameters), "entries", Some(limit)).await
    }

    /// `GET /api/mapped-domains`, all pages.
    pub async fn domains(&self, app: Option<&str>) -> anyhow::Result<Vec<MappedDomain>> {
        let parameters = [("app", app.map(str::to_owned))];
        self.pages(&with_query("/api/mapped-domains", parameters), "domains", None).await
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
