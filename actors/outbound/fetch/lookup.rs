//! Finds the addresses of names.
//!
//! The system's resolver blocks a thread, and nothing calls that back. So that names which do
//! not answer cannot take all threads, a look-up holds its places, that of its isolate and that
//! of its thread, until it is truly over, whoever still waits for it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The addresses of a name; the error is what a developer is told.
pub type Found = Result<Vec<IpAddr>, String>;

/// Finds the addresses of a name, and lets go of the place once that is truly over.
pub type Resolve = Rc<dyn Fn(&str, OwnedSemaphorePermit) -> LocalBoxFuture<'static, Found>>;

type Underway = Rc<RefCell<HashMap<String, Shared<LocalBoxFuture<'static, Found>>>>>;

/// The look-ups of one thread. Those for the same name at the same time are one.
pub(super) struct Lookups {
    resolve: Resolve,
    underway: Underway,
}

impl Lookups {
    pub(super) fn new(resolve: Resolve) -> Lookups {
        Lookups { resolve, underway: Rc::default() }
    }

    /// Finds a name, for an isolate that has these places.
    pub(super) async fn find(&self, host: &str, places: &Arc<Semaphore>) -> Found {
        let place = Arc::clone(places).acquire_owned().await.map_err(|cause| cause.to_string())?;
        let known = self.underway.borrow().get(host).cloned();
        // Who joins another's look-up holds its place meanwhile.
        let (lookup, _place) = match known {
            Some(lookup) => (lookup, Some(place)),
            None => (self.begin(host, place), None),
        };
        lookup.await
    }

    fn begin(
        &self,
        host: &str,
        place: OwnedSemaphorePermit,
    ) -> Shared<LocalBoxFuture<'static, Found>> {
        let lookup = (self.resolve)(host, place).shared();
        self.underway.borrow_mut().insert(host.to_owned(), lookup.clone());
        let (underway, host, own) = (Rc::clone(&self.underway), host.to_owned(), lookup.clone());
        tokio::task::spawn_local(async move {
            let _found = own.await;
            underway.borrow_mut().remove(&host);
        });
        lookup
    }
}

/// The system's resolver, for so many names at once.
pub(super) fn system(lookups_at_once: usize) -> Resolve {
    let places = Arc::new(Semaphore::new(lookups_at_once));
    Rc::new(move |host, place| {
        let (host, places) = (host.to_owned(), Arc::clone(&places));
        async move {
            let thread = places.acquire_owned().await.map_err(|cause| cause.to_string())?;
            let find = move || {
                let found = (host.as_str(), 0).to_socket_addrs();
                drop((thread, place));
                found.map(|found| found.map(|address| address.ip()).collect())
            };
            let found: io::Result<Vec<IpAddr>> =
                tokio::task::spawn_blocking(find).await.map_err(|cause| cause.to_string())?;
            found.map_err(|cause| cause.to_string())
        }
        .boxed_local()
    })
}
