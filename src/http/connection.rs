//! What is known of a connection: whose it is and where it arrived.

use std::any::Any;
use std::net::IpAddr;

use actix_web::dev::{Extensions, RequestHead, ServiceRequest};
use actix_web::guard::GuardContext;
use actix_web::http::header;
use actix_web::rt::net::{TcpStream, UnixStream};
use actix_web::{HttpMessage, HttpRequest};
use fazt_actors::router::table::Destination;

use crate::node::Node;

/// The connection came through the node's socket: only its owner can open that.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnersSocket;

/// The address of ours that the connection arrived on.
#[derive(Clone, Copy, Debug)]
struct LocalIp(IpAddr);

/// Notes whose a new connection is; for `HttpServer::on_connect`.
pub fn remember(connection: &dyn Any, data: &mut Extensions) {
    if connection.is::<UnixStream>() {
        data.insert(OwnersSocket);
    }
    if let Some(Ok(address)) = connection.downcast_ref::<TcpStream>().map(TcpStream::local_addr) {
        data.insert(LocalIp(address.ip()));
    }
}

/// Hands what guards cannot see of a connection to the requests that need it: those
/// whose host is an address. Runs before routing.
pub(super) fn note_local_ip(request: &ServiceRequest) {
    if is_address(host_of(request.head()))
        && let Some(local) = request.conn_data::<LocalIp>().copied()
    {
        request.extensions_mut().insert(local);
    }
}

/// Whether the request goes to the dashboard and the API.
pub(super) fn is_admin(context: &GuardContext<'_>, node: &Node) -> bool {
    let local_ip = context.req_data().get::<LocalIp>().map(|local| local.0);
    node.routes.table().find(host_of(context.head()), local_ip) == Destination::Admin
}

/// Where a request goes, by the host that it names.
pub(super) fn destination(request: &HttpRequest, node: &Node) -> Destination {
    let host = host_of(request.head());
    let local_ip = if is_address(host) {
        request.extensions().get::<LocalIp>().map(|local| local.0)
    } else {
        None
    };
    node.routes.table().find(host, local_ip)
}

/// The same without its port and last dot, in lower case.
pub(super) fn host_name(head: &RequestHead) -> String {
    let host = host_of(head).to_ascii_lowercase();
    let name = match host.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((name, port)) if !port.contains(']') => name,
        _ => &host,
    };
    name.strip_suffix('.').unwrap_or(name).to_owned()
}

/// Whether a host may be an address rather than a name.
fn is_address(host: &str) -> bool {
    matches!(host.as_bytes().first(), Some(b'0'..=b'9' | b'['))
}

/// The host that a request names: that of an absolute target, else the `Host` header
/// (RFC 9112 section 3.2.2). Empty when it names none.
pub(super) fn host_of(head: &RequestHead) -> &str {
    if let Some(authority) = head.uri.authority() {
        return authority.as_str();
    }
    head.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}
