//! What callers need to know of an endpoint beyond its row in the table.

use actix_web::http::Method;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Header, Ref, RefOr, Required, Response, Schema};

use super::answers;
use crate::http::routes::Endpoint;

/// The groups of the document, in its order.
pub(super) const GROUPS: [(&str, &str); 5] = [
    ("account", "The owner: signing in and out, sessions, tokens, the audit log."),
    ("apps", "What is on the air: apps, their releases, files, variables, logs and domains."),
    ("deploying", "From files to a live release."),
    ("node", "The node itself."),
    ("original", "What clients of fazt 0.9.4 ask for, in the spelling that they read."),
];

/// Media type of bytes that are nothing else.
pub(super) const BYTES: &str = "application/octet-stream";

/// A schema with the name that others refer to it by.
pub(super) type NamedSchema = (String, RefOr<Schema>);

/// What an endpoint takes and answers. A row of the tables in this folder.
#[derive(Clone)]
pub(super) struct Description {
    method: Method,
    path: &'static str,
    /// One of [`GROUPS`].
    pub(super) group: &'static str,
    /// The name by which generated clients call it.
    pub(super) id: &'static str,
    /// In a line.
    pub(super) summary: &'static str,
    /// What a line cannot hold.
    pub(super) about: Option<&'static str>,
    /// What is sent.
    pub(super) body: Option<RequestBody>,
    /// What comes back when all is well, by status.
    pub(super) answers: Vec<(u16, Response)>,
    /// Statuses of failures beyond those that its permission and its parts bring along.
    pub(super) failures: Vec<u16>,
    /// The schemas that the parts refer to.
    pub(super) schemas: Vec<NamedSchema>,
}

/// Describes `GET`.
pub(super) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Description {
    describe(Method::GET, path, id, summary)
}

/// Describes `POST`.
pub(super) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Description {
    describe(Method::POST, path, id, summary)
}

/// Describes `PUT`.
pub(super) fn put(path: &'static str, id: &'static str, summary: &'static str) -> Description {
    describe(Method::PUT, path, id, summary)
}

/// Describes `DELETE`.
pub(super) fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Description {
    describe(Method::DELETE, path, id, summary)
}

fn describe(
    method: Method,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
) -> Description {
    Description {
        method,
        path,
        group: GROUPS[0].0,
        id,
        summary,
        about: None,
        body: None,
        answers: Vec::new(),
        failures: Vec::new(),
        schemas: Vec::new(),
    }
}

/// Puts descriptions into one of [`GROUPS`].
pub(super) fn group<const N: usize>(
    group: &'static str,
    descriptions: [Description; N],
) -> Vec<Description> {
    descriptions.map(|description| Description { group, ..description }).into()
}

impl Description {
    /// Whether this describes `endpoint`.
    pub(super) fn is_of(&self, endpoint: &Endpoint) -> bool {
        self.method == endpoint.method && self.path == endpoint.path
    }

    /// Method and pattern, as in the table of endpoints.
    #[cfg(test)]
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// What a line cannot hold, in Markdown.
    pub(super) fn about(mut self, about: &'static str) -> Description {
        self.about = Some(about);
        self
    }

    /// It takes this as JSON.
    pub(super) fn takes<T: ToSchema>(self) -> Description {
        let schema = Ref::from_schema_name(T::name());
        // An empty body reads as `{}`.
        let is_required = match T::schema() {
            RefOr::T(Schema::Object(object)) => !object.required.is_empty(),
            _ => true,
        };
        self.knows::<T>().takes_content("application/json", schema.into(), is_required)
    }

    /// It takes bytes that are no JSON. There may be none.
    pub(super) fn takes_bytes(self) -> Description {
        self.takes_content(BYTES, bytes(), false)
    }

    /// It takes a form with files in it.
    pub(super) fn takes_form(self, form: ObjectBuilder) -> Description {
        self.takes_content("multipart/form-data", form.into(), true)
    }

    fn takes_content(
        mut self,
        media_type: &str,
        schema: RefOr<Schema>,
        is_required: bool,
    ) -> Description {
        let required = if is_required { Required::True } else { Required::False };
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body = RequestBodyBuilder::new().content(media_type, content);
        self.body = Some(body.required(Some(required)).build());
        self
    }

    /// It answers 200 with this under `data`.
    pub(super) fn answers<T: ToSchema>(self) -> Description {
        let data = Ref::from_schema_name(T::name());
        self.knows::<T>().with(200, answers::enveloped(data.into(), false))
    }

    /// It answers 201 with this under `data`.
    pub(super) fn creates<T: ToSchema>(self) -> Description {
        let data = Ref::from_schema_name(T::name());
        self.knows::<T>().with(201, answers::enveloped(data.into(), false))
    }

    /// It answers 200 with all there are.
    pub(super) fn lists<T: ToSchema>(self) -> Description {
        let data = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        self.knows::<T>().with(200, answers::enveloped(data.into(), false))
    }

    /// It answers 200 with a page of a list.
    pub(super) fn pages<T: ToSchema>(self) -> Description {
        let data = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        self.knows::<T>().with(200, answers::enveloped(data.into(), true))
    }

    /// It answers 200 with something that has no envelope.
    pub(super) fn answers_plain(self, media_type: &str, schema: RefOr<Schema>) -> Description {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = Response::builder().description("All is well.").content(media_type, content);
        self.with(200, response.build())
    }

    /// It answers with this status and this response, too.
    pub(super) fn with(mut self, status: u16, response: Response) -> Description {
        self.answers.push((status, response));
        self
    }

    /// Its answer has this header.
    pub(super) fn header(mut self, name: &str, header: Header) -> Description {
        if let Some((_, answer)) = self.answers.last_mut() {
            answer.headers.insert(name.to_owned(), header.into());
        }
        self
    }

    /// It also fails with these statuses.
    pub(super) fn fails(mut self, statuses: &[u16]) -> Description {
        self.failures.extend(statuses);
        self
    }

    /// Its parts refer to the schema of `T`.
    pub(super) fn knows<T: ToSchema>(mut self) -> Description {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        self
    }
}

/// Bytes, as `OpenAPI` says it.
pub(super) fn bytes() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .into()
}
