//! The URL standard behind `URL`. What crosses is the whole address and where its parts begin
//! and end: one string, which JavaScript slices when a part is asked for.

use url::{Position, Url, quirks};

use super::value::{Args, HostError, Value};
use super::{Answer, Host, HostFunction};

pub(super) const FUNCTIONS: &[HostFunction] =
    &[HostFunction::now("urlParse", url_parse), HostFunction::now("urlSet", url_set)];

/// The places that the prelude cuts at, in its order.
///
/// The password is what is left between the name of the user and the host: the crate's own places
/// of it are wrong where there is a name and no password.
const POSITIONS: [Position; 10] = [
    Position::AfterScheme,
    Position::BeforeUsername,
    Position::AfterUsername,
    Position::BeforeHost,
    Position::AfterHost,
    Position::BeforePort,
    Position::AfterPort,
    Position::BeforePath,
    Position::AfterPath,
    Position::AfterQuery,
];

/// `urlParse(input, base)`: the basic URL parser (URL section 4.4). Null when either fails.
fn url_parse(_: &mut Host, args: Args<'_>) -> Answer {
    let input = args.text(0)?;
    let parsed = if args.is_null(1) {
        Url::parse(input)
    } else {
        Url::parse(args.text(1)?).and_then(|base| base.join(input))
    };
    Ok(parsed.ok().map(|url| parts(&url)).into())
}

/// `urlSet(href, part, value)`: the setters of `URL` (URL section 6.1). A value that a setter
/// ignores leaves the address as it is.
fn url_set(_: &mut Host, args: Args<'_>) -> Answer {
    let (href, part, value) = (args.text(0)?, args.text(1)?, args.text(2)?);
    let parsed = Url::parse(href);
    let mut url = parsed.map_err(|_| HostError::type_error(format!("{href} is no URL")))?;
    match part {
        "protocol" => _ = quirks::set_protocol(&mut url, value),
        "username" => _ = quirks::set_username(&mut url, value),
        "password" => _ = quirks::set_password(&mut url, value),
        "host" => _ = quirks::set_host(&mut url, value),
        "hostname" => _ = quirks::set_hostname(&mut url, value),
        "port" => _ = quirks::set_port(&mut url, value),
        "pathname" => set_pathname(&mut url, value),
        "search" => quirks::set_search(&mut url, value),
        "hash" => quirks::set_hash(&mut url, value),
        _ => return Err(HostError::type_error(format!("a URL has no part {part}"))),
    }
    Ok(parts(&url))
}

/// Sets the path. Without a host, one that begins with two slashes would be read as a host, and is
/// written behind `/.` (URL section 4.5). The crate's parser knows that and its setter does not, so
/// the path is made beside a host and then parsed without it.
fn set_pathname(url: &mut Url, value: &str) {
    if url.has_authority() || url.cannot_be_a_base() {
        return quirks::set_pathname(url, value);
    }
    let Ok(mut beside_a_host) = Url::parse(&format!("{}://host/", url.scheme())) else { return };
    quirks::set_pathname(&mut beside_a_host, value);
    let (path, rest) = (beside_a_host.path(), &url[Position::AfterPath..]);
    let dot = if path.starts_with("//") { "/." } else { "" };
    if let Ok(set) = Url::parse(&format!("{}:{dot}{path}{rest}", url.scheme())) {
        *url = set;
    }
}

/// The address and its places. The standard's serialiser leaves nothing but ASCII, so the same
/// numbers count bytes here and UTF-16 units there.
fn parts(url: &Url) -> Value {
    debug_assert!(url.as_str().is_ascii(), "{url}");
    let mut parts = Vec::with_capacity(1 + POSITIONS.len());
    parts.push(Value::from(url.as_str()));
    parts.extend(POSITIONS.map(|position| Value::Number(url[..position].len() as f64)));
    parts.into()
}

#[cfg(test)]
mod tests;
