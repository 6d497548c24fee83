//! Makes the connections of functions: finds the addresses of a host, judges each, and connects
//! to one that was judged. Nothing else leads out.
//!
//! The name is not looked up a second time, so it does not matter what it says later. awc keeps
//! connections under host and port; a pool belongs to one list of allowed hosts and one scheme,
//! so that a connection that is used again is one that would be allowed again.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_service::Service;
use actix_tls::connect::rustls_0_23::TlsConnector;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection, Host};
use awc::http::Uri;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::error::from_handshake;
use super::lookup::Lookups;
use super::wire::{Marks, Open, Transport, Wire};
use super::{FetchError, FetchLimits};
use crate::limits::Limits;
use crate::outbound::guard::{is_bad_port, literal, refusal};

/// Addresses of one host that are tried.
const ADDRESSES_MAX: usize = 4;

/// The service that awc asks for a connection.
#[derive(Clone)]
pub(super) struct Connect {
    pub(super) lookups: Rc<Lookups>,
    /// Look-ups that this isolate may begin.
    pub(super) lookup_places: Arc<Semaphore>,
    pub(super) bounds: Rc<FetchLimits>,
    /// Whose `fetch_allowed_hosts` counts.
    pub(super) allowed: Arc<Limits>,
    /// Absent for plain HTTP.
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) marks: Rc<Marks>,
    pub(super) open: Rc<Cell<usize>>,
}

impl Service<ConnectInfo<Uri>> for Connect {
    type Response = Connection<Uri, Wire>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    actix_service::always_ready!();

    fn call(&self, info: ConnectInfo<Uri>) -> Self::Future {
        let connect = self.clone();
        async move {
            let uri = info.request().clone();
            connect.marks.connected.set(true);
            match connect.connect(info.hostname(), info.port()).await {
                Ok(wire) => Ok(Connection::new(uri, wire)),
                Err(error) => Err(ConnectError::Io(io::Error::other(error))),
            }
        }
        .boxed_local()
    }
}

impl Connect {
    async fn connect(&self, host: &str, port: u16) -> Result<Wire, FetchError> {
        let addresses = self.judged(host, port).await?;
        let open = Open::new(&self.open);
        let stream = self.connect_to_one(host, port, &addresses).await?;
        let transport = match &self.tls {
            None => Transport::Plain(stream),
            Some(tls) => self.handshake(tls, host, stream).await?,
        };
        Ok(Wire::new(transport, Rc::clone(&self.marks), open))
    }

    /// The addresses of a host that may be connected to; at least one.
    async fn judged(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, FetchError> {
        let allowed = &self.allowed.fetch_allowed_hosts;
        if is_bad_port(port) && !allowed.names_port(host, port) {
            let reason = format!("port {port} belongs to another protocol than HTTP");
            return Err(FetchError::Connect { host: host.to_owned(), reason });
        }
        let found = match literal(host) {
            Some(address) => vec![address],
            None => self.look_up(host).await?,
        };
        let permitted = found.iter().copied();
        let permitted = permitted.filter(|address| allowed.permits(host, port, *address));
        let permitted: Vec<IpAddr> = permitted.take(ADDRESSES_MAX).collect();
        if !permitted.is_empty() {
            return Ok(permitted);
        }
        let unknown = || FetchError::HostUnknown {
            host: host.to_owned(),
            reason: "its name has no address".to_owned(),
        };
        let refused = |address: IpAddr| {
            let is = refusal(address)?;
            Some(FetchError::NotPublic { host: host.to_owned(), address, is })
        };
        Err(found.first().copied().and_then(refused).unwrap_or_else(unknown))
    }

    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, FetchError> {
        let found = self.lookups.find(host, &self.lookup_places);
        let found = within(self.bounds.lookup_timeout, "the address of the host", found);
        let unknown = |reason| FetchError::HostUnknown { host: host.to_owned(), reason };
        found.await?.map_err(unknown)
    }

    async fn connect_to_one(
        &self,
        host: &str,
        port: u16,
        addresses: &[IpAddr],
    ) -> Result<TcpStream, FetchError> {
        let mut last = FetchError::Aborted;
        for address in addresses {
            let connecting = TcpStream::connect(SocketAddr::new(*address, port));
            let patience =
                self.bounds.connect_timeout / u32::try_from(addresses.len()).unwrap_or(1);
            match within(patience, "a connection", connecting).await {
                Ok(Ok(stream)) => {
                    // Small requests do not wait for company; a failure costs only time.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(cause)) => {
                    last = FetchError::Connect {
                        host: format!("{host} at {address}, port {port}"),
                        reason: cause.to_string(),
                    };
                }
                Err(late) => last = late,
            }
        }
        Err(last)
    }

    async fn handshake(
        &self,
        tls: &Arc<ClientConfig>,
        host: &str,
        stream: TcpStream,
    ) -> Result<Transport, FetchError> {
        let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let connector = TlsConnector::service(Arc::clone(tls));
        let handshake = connector.call(Connection::new(Name(name), stream));
        let done = within(self.bounds.handshake_timeout, "the TLS handshake", handshake).await?;
        let connection = done.map_err(|cause| from_handshake(cause, host))?;
        Ok(Transport::Tls(Box::new(connection.into_parts().0)))
    }
}

/// The name that a certificate must be for.
struct Name(String);

impl Host for Name {
    fn hostname(&self) -> &str {
        &self.0
    }
}

async fn within<F: Future>(
    patience: Duration,
    what: &'static str,
    future: F,
) -> Result<F::Output, FetchError> {
    let late = |_| FetchError::Timeout { what, seconds: patience.as_secs() };
    timeout(patience, future).await.map_err(late)
}
