//! HTTP: from requests to messages, and from answers to bytes.
//!
//! Two kinds of hosts share one listener. On the admin host the endpoints of
//! `routes` answer, each behind its permission. Everything else is a visitor's
//! request for a file, and takes the short way through `serve`.

mod account;
mod answer;
mod apps;
mod audit;
mod backup;
mod body;
pub mod conditional;
mod connection;
mod content_body;
mod cookie;
mod deploy;
mod dev;
mod domains;
mod env;
mod error;
mod file_response;
mod functions;
mod keys;
mod logs;
mod metrics;
pub mod model;
pub mod negotiate;
mod openapi;
mod operator;
mod pages;
mod permission;
pub mod range;
mod releases;
mod routes;
mod same_origin;
mod serve;
mod sessions;
mod settings;
mod sites;
mod spool;
mod stream;
mod system;
mod tokens;
mod uploads;

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, guard, web};

use crate::node::Node;
pub use audit::RefusalMeter;
pub(crate) use audit::record_start;
pub use connection::remember;
pub use content_body::WRITE_BUFFER_BYTES;
pub use dev::{Live, Problem, SourceLine, dev_app};
pub use routes::{ENDPOINTS, Endpoint, Permission};
pub use stream::Events;

/// Everything that a node answers, as an actix application. The server and the tests use it.
pub fn app(
    node: Arc<Node>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let (hosts, served) = (Arc::clone(&node), Arc::clone(&node));
    let api = web::scope("/api")
        .guard(guard::fn_guard(move |context| connection::is_admin(context, &hosts)))
        .app_data(web::QueryConfig::default().error_handler(error::wrong_query))
        .wrap(from_fn(error::with_request_id))
        .configure(routes::register)
        .default_service(web::to(error::no_such_endpoint));
    App::new()
        .app_data(web::Data::from(node))
        .service(api)
        .default_service(web::to(move |request, payload| {
            serve::serve(request, payload, Arc::clone(&served))
        }))
        .wrap_fn(|request, service| {
            connection::note_local_ip(&request);
            service.call(request)
        })
}
