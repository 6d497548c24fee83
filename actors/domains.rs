//! Host names of their own that lead to an app.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::kind::{ErrorKind, Fault};
use crate::router::host::{HostBuffer, HostRules, LABEL_BYTES_MAX, Target};
use crate::store::Write;
use crate::timestamp::Timestamp;

/// Mapped host names of a node.
const DOMAINS_MAX: usize = 10_000;

/// Bytes of a host name without its last dot (RFC 1035 section 2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// Why a host name cannot lead to an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// It is none.
    #[error("`{0}` is no host name; write one such as www.example.org, without port or path")]
    NoName(String),
    /// The node answers there by its own rules.
    #[error("`{0}` is one of the node's own host names; only others can be mapped")]
    Own(String),
    /// Another app has it.
    #[error("`{domain}` leads to the app `{app}` already; remove it there first")]
    Taken {
        /// The host name.
        domain: String,
        /// The app.
        app: String,
    },
    /// There are as many as may be.
    #[error("this node has {DOMAINS_MAX} mapped host names already; remove some")]
    TooMany,
}

impl Fault for DomainError {
    fn kind(&self) -> ErrorKind {
        match self {
            DomainError::NoName(_) | DomainError::Own(_) => ErrorKind::Invalid,
            DomainError::Taken { .. } | DomainError::TooMany => ErrorKind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            DomainError::NoName(_) | DomainError::Own(_) => "VALIDATION_FAILED",
            DomainError::Taken { .. } => "CONFLICT",
            DomainError::TooMany => "TOO_MANY_DOMAINS",
        }
    }
}

/// A host name that can lead to an app: lower case, without port and last dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// Reads a host name as somebody typed it.
    ///
    /// # Errors
    /// It is no host name, or one of the node's own.
    pub fn parse(text: &str, rules: &HostRules) -> Result<Domain, DomainError> {
        let shown = || text.chars().take(80).collect::<String>();
        let mut buffer = HostBuffer::new();
        let name = match rules.classify(text.trim(), None, &mut buffer) {
            Target::Other(name) => name,
            _ => return Err(DomainError::Own(shown())),
        };
        // What is below the main domain is free for apps to come, also what none can have.
        let is_below_main = rules.main().is_some_and(|main| name.ends_with(&format!(".{main}")));
        if is_below_main || name.ends_with(".localhost") {
            return Err(DomainError::Own(shown()));
        }
        let is_typed_plainly = text.trim().trim_end_matches('.').eq_ignore_ascii_case(name);
        if !is_typed_plainly || !is_domain(name) {
            return Err(DomainError::NoName(shown()));
        }
        Ok(Domain(name.to_owned()))
    }

    /// The host name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    // A last label of digits makes it an IPv4 address (WHATWG URL, "ends in a number").
    name.contains('.')
        && name.len() <= NAME_BYTES_MAX
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A mapped host name, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainRow {
    /// The host name.
    pub domain: String,
    /// Name of the app.
    pub app: String,
    /// Id of the app.
    pub app_id: String,
    /// Since when.
    pub created_at: Timestamp,
}

const DOMAIN: &str = "SELECT host, apps.name, apps.public_id, domains.created_at
    FROM domains JOIN apps ON apps.id = app_id WHERE deleted_at IS NULL";

/// The host names after `after` that lead to an app on the air, by name.
pub fn list(
    connection: &Connection,
    app: Option<i64>,
    after: &str,
    limit: usize,
) -> rusqlite::Result<Vec<DomainRow>> {
    let sql =
        format!("{DOMAIN} AND host > ?1 AND (?2 IS NULL OR app_id = ?2) ORDER BY host LIMIT ?3");
    connection
        .prepare_cached(&sql)?
        .query_map((after, app, limit), |row| {
            Ok(DomainRow {
                domain: row.get(0)?,
                app: row.get(1)?,
                app_id: row.get(2)?,
                created_at: row.get(3)?,
            })
        })?
        .collect()
}

/// Every host name with the row of its app, for the route table.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<(String, i64)>> {
    connection
        .prepare_cached("SELECT host, app_id FROM domains")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Lets a host name lead to an app.
pub struct MapDomain {
    /// The host name.
    pub domain: Domain,
    /// The app's row.
    pub app: i64,
    /// Now.
    pub at: Timestamp,
}

impl Write for MapDomain {
    /// Since when it leads there.
    type Output = Result<Timestamp, DomainError>;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output> {
        let domain = self.domain.0;
        // A deleted app holds no name, nor any of these.
        let holder: Option<(i64, String, Timestamp)> = tx
            .prepare_cached(
                "SELECT apps.id, name, domains.created_at FROM domains JOIN apps ON apps.id = app_id
                 WHERE host = ?1 AND deleted_at IS NULL",
            )?
            .query_row([&domain], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        match holder {
            Some((app, _, since)) if app == self.app => return Ok(Ok(since)),
            Some((_, app, _)) => return Ok(Err(DomainError::Taken { domain, app })),
            None => {}
        }
        let count: usize =
            tx.prepare_cached("SELECT count(*) FROM domains")?.query_row([], |row| row.get(0))?;
        if count >= DOMAINS_MAX {
            return Ok(Err(DomainError::TooMany));
        }
        tx.prepare_cached(
            "INSERT INTO domains (host, app_id, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (host) DO UPDATE SET app_id = excluded.app_id, created_at = ?3",
        )?
        .execute((&domain, self.app, self.at))?;
        Ok(Ok(self.at))
    }
}

/// Takes a host name back; answers the name of the app that it led to.
pub struct UnmapDomain(pub String);

impl Write for UnmapDomain {
    type Output = Option<String>;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Option<String>> {
        let app: Option<String> = tx
            .prepare_cached(
                "SELECT name FROM domains JOIN apps ON apps.id = app_id WHERE host = ?1",
            )?
            .query_row([&self.0], |row| row.get(0))
            .optional()?;
        tx.prepare_cached("DELETE FROM domains WHERE host = ?1")?.execute([&self.0])?;
        Ok(app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_foreign_host_names_can_be_mapped() {
        let rules = HostRules::new(Some("example.org"));
        let parse = |text: &str| Domain::parse(text, &rules).map(|domain| domain.0);
        for (typed, name) in [
            ("blog.example.net", "blog.example.net"),
            (" Example.NET. ", "example.net"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("notexample.org", "notexample.org"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(name), "{typed}");
        }
        for own in [
            "example.org",
            "www.example.org",
            "a.b.example.org",
            "x.localhost",
            "127.0.0.1",
            "[::1]",
        ] {
            assert!(matches!(parse(own), Err(DomainError::Own(_))), "{own}");
        }
        for wrong in [
            "",
            "localnet",
            "a b.example",
            "http://x.example",
            "x.example/y",
            "x.example:80",
            "-x.example",
            "x..example",
            "192.0.2.1",
            "1.2.3",
            "bücher.example",
            "x.example\0",
            "[2001:db8::1]",
            &format!("{}.example", "x".repeat(64)),
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
