//! Whether an answer is one that the document describes.

use std::collections::HashMap;
use std::rc::Rc;

use jsonschema::Validator;
use serde_json::Value;

use super::document::{Document, Operation};
use super::fixture::Credential;
use super::inputs::{Case, Expect};
use crate::node::client::Response;

/// Characters shown of an answer that is wrong.
const CHARS_SHOWN: usize = 600;

/// Compares answers with a document, and remembers what is wrong with them.
pub(super) struct Judge<'a> {
    document: &'a Document,
    /// By the text of the schema: compiling one takes longer than a request.
    compiled: HashMap<String, Rc<Validator>>,
    answers: usize,
    complaints: Vec<String>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(document: &'a Document) -> Judge<'a> {
        Judge { document, compiled: HashMap::new(), answers: 0, complaints: Vec::new() }
    }

    /// Fails with every complaint there is.
    #[track_caller]
    pub(super) fn conclude(&self) {
        let (complaints, answers) = (&self.complaints, self.answers);
        assert!(
            complaints.is_empty(),
            "{} of {answers} answers are wrong:\n{}",
            complaints.len(),
            complaints.join("\n")
        );
        assert!(answers > self.document.operations.len(), "only {answers} answers");
    }

    /// Whether the answer's status, media type, headers and body are described and what the
    /// case expects, and the node did not fail.
    pub(super) fn check(
        &mut self,
        operation: &Operation,
        response: &Response,
        case: &Case,
        credential: Credential,
    ) {
        self.answers += 1;
        let described = self.against_document(operation, response);
        if let Err(complaint) = described.and_then(|()| against_case(case, response)) {
            let (key, target) = (operation.key(), case.target(operation));
            let said: String = response.text().chars().take(CHARS_SHOWN).collect();
            let status = response.status;
            self.complaints.push(format!(
                "{key} as {credential:?}, {} ({target}): {complaint}\n    {status} {said}",
                case.what
            ));
        }
    }

    fn against_document(
        &mut self,
        operation: &Operation,
        response: &Response,
    ) -> Result<(), String> {
        let status = response.status;
        if status >= 500 || status == 422 {
            return Err("the node failed".to_owned());
        }
        let described = &operation.json["responses"][status.to_string()];
        if described.is_null() {
            return Err("this status is not described".to_owned());
        }
        let described = self.document.resolve(described);
        let headers = described["headers"].as_object();
        for name in headers.into_iter().flat_map(|headers| headers.keys()) {
            response.header(name).ok_or_else(|| format!("there is no {name}"))?;
        }
        let Some(content) = described["content"].as_object() else {
            return if response.body.is_empty() { Ok(()) } else { Err("there is a body".into()) };
        };
        let media_type = response.header("content-type").unwrap_or_default();
        // Parameters of a type, such as its charset, need not be described.
        let essence = media_type.split(';').next().unwrap_or_default();
        let content = content
            .get(media_type)
            .or_else(|| content.get(essence))
            .or_else(|| content.get("*/*"))
            .ok_or_else(|| format!("its type is `{media_type}`"))?;
        if essence == "application/json" && content["schema"]["format"] != "binary" {
            return self.against_schema(&content["schema"], &response.body);
        }
        Ok(())
    }

    fn against_schema(&mut self, schema: &Value, body: &[u8]) -> Result<(), String> {
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let document = self.document;
        let compiled = self.compiled.entry(schema.to_string());
        let validator = compiled.or_insert_with(|| Rc::new(document.compile_strictly(schema)));
        let errors: Vec<String> = validator
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
    }
}

fn against_case(case: &Case, response: &Response) -> Result<(), String> {
    let status = response.status;
    let is_as_expected = match &case.expect {
        Expect::Anything => true,
        Expect::Success => (200..300).contains(&status),
        Expect::Refusal => matches!(status, 401 | 403),
        Expect::Status(expected) => status == *expected,
        Expect::Missing(field) => {
            let details = &response.json()["error"]["details"];
            response.failure() == "400 VALIDATION_FAILED" && details["field"] == **field
        }
    };
    if is_as_expected { Ok(()) } else { Err(format!("expected: {:?}", case.expect)) }
}
