//! Connects to a Unix socket where awc would connect to a host.

use std::{future::Future, path::Path, pin::Pin, rc::Rc};

use actix_service::Service;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use awc::http::Uri;
use tokio::net::UnixStream;

/// The service that awc asks for a connection.
#[derive(Clone)]
pub(super) struct UnixConnect {
    path: Rc<Path>,
}

impl UnixConnect {
    pub(super) fn new(path: Rc<Path>) -> UnixConnect {
        UnixConnect { path }
    }
}

impl Service<ConnectInfo<Uri>> for UnixConnect {
    type Response = Connection<Uri, UnixStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    actix_service::always_ready!();

    fn call(&self, info: ConnectInfo<Uri>) -> Self::Future {
        let path = Rc::clone(&self.path);
        Box::pin(async move {
            let stream = UnixStream::connect(&path).await.map_err(ConnectError::Io)?;
            Ok(Connection::new(info.request().clone(), stream))
        })
    }
}
