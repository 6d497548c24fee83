//! What somebody must be allowed to do, as values for the table and as types for handlers.
//!
//! A row of the table names a permission; its handler takes `Operator<P>` of the same
//! name. The two are checked against each other when the program is compiled.

use std::fmt;
use std::future::Future;

use actix_web::{FromRequest, HttpRequest, Route, web};
use fazt_actors::tokens::Scope;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::error::ApiResult;
use super::operator::Operator;

/// What somebody must be allowed to do to use an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Everybody.
    Public,
    /// Any good credential.
    Signed,
    /// Scope `read`.
    Read,
    /// Scope `read`, or one that may deploy the app in the path.
    ReadApp,
    /// A scope that may deploy the app in the path.
    DeployApp,
    /// A scope that may deploy; the handler checks the app that the body names.
    DeployNamed,
    /// Scope `admin`.
    Admin,
    /// The owner in person: signed in, or through the node's own socket. No token.
    Person,
    /// Only a connection through the node's own socket.
    OwnersSocket,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Permission::Public => "nothing",
            Permission::Signed => "any scope",
            Permission::Read => "`read`",
            Permission::ReadApp => "`read` or `deploy:<this app>`",
            Permission::DeployApp => "`deploy` or `deploy:<this app>`",
            Permission::DeployNamed => "`deploy` or `deploy:<app>`",
            Permission::Admin => "`admin`",
            Permission::Person => "the owner, signed in with the password",
            Permission::OwnersSocket => "the node's own socket (run the command on its machine)",
        })
    }
}

impl Permission {
    /// Whether a token's scope opens this. The one place where scopes meet permissions.
    pub(super) fn is_open_to(self, scope: &Scope, app: Option<&str>) -> bool {
        match (scope, self) {
            (_, Permission::OwnersSocket | Permission::Person) => false,
            (_, Permission::Public | Permission::Signed) | (Scope::Admin, _) => true,
            // Which app the body names is checked by `may_deploy`, once it is read.
            (scope, Permission::DeployNamed) => !matches!(scope, Scope::Read),
            (Scope::Deploy, Permission::DeployApp | Permission::ReadApp)
            | (Scope::Read, Permission::Read | Permission::ReadApp) => true,
            (Scope::DeployApp(own), Permission::DeployApp | Permission::ReadApp) => {
                app == Some(own.as_str())
            }
            (Scope::Read | Scope::Deploy | Scope::DeployApp(_), _) => false,
        }
    }
}

/// A permission as a type.
pub(super) trait Grant: 'static {
    /// The same permission as a value.
    const PERMISSION: Permission;
}

macro_rules! grants {
    ($($name:ident),*) => {$(
        #[doc = concat!("[`Permission::", stringify!($name), "`].")]
        #[derive(Debug)]
        pub(super) struct $name;

        impl Grant for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )*};
}

grants!(Public, Signed, Read, ReadApp, DeployApp, DeployNamed, Admin, Person, OwnersSocket);

/// What a handler takes after its operator.
pub(super) trait Argument {
    /// What it reads from the query.
    fn query() -> Vec<Parameter> {
        Vec::new()
    }
}

impl Argument for HttpRequest {}
impl Argument for web::Payload {}
impl<T> Argument for web::Data<T> {}
impl<T> Argument for web::Path<T> {}

impl<Q: IntoParams> Argument for web::Query<Q> {
    fn query() -> Vec<Parameter> {
        Q::into_params(|| Some(ParameterIn::Query))
    }
}

/// A handler whose first argument is `Operator<P>`; `Arguments` tell the arities apart.
pub(super) trait Guarded<P, Arguments> {
    /// The route of this handler.
    fn into_route(self) -> Route;

    /// What it reads from the query, for the API's description of itself.
    fn query(self) -> Vec<Parameter>;
}

macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<F, Answer, P, $($argument),*> Guarded<P, (Answer, $($argument,)*)> for F
        where
            F: Fn(Operator<P>, $($argument),*) -> Answer + Clone + 'static,
            Answer: Future<Output = ApiResult> + 'static,
            P: Grant,
            $($argument: FromRequest + Argument + 'static),*
        {
            fn into_route(self) -> Route {
                web::to(self)
            }

            fn query(self) -> Vec<Parameter> {
                let of_arguments: Vec<Vec<Parameter>> = vec![$($argument::query()),*];
                of_arguments.concat()
            }
        }
    };
}

guarded!();
guarded!(A);
guarded!(A B);
guarded!(A B C);
guarded!(A B C D);
guarded!(A B C D E);

/// The route of a handler that takes `Operator<P>`.
pub(super) fn guarded<P: Grant, Arguments>(handler: impl Guarded<P, Arguments>) -> Route {
    handler.into_route()
}

/// What a handler that takes `Operator<P>` reads from the query.
pub(super) fn query<P: Grant, Arguments>(handler: impl Guarded<P, Arguments>) -> Vec<Parameter> {
    handler.query()
}
