use actix_web::{App as WebApp, HttpResponse, HttpServer, http::StatusCode, web};

use super::*;

/// A node that gives every request the same answer; the test talks to it by its address.
pub(super) fn node_that_answers(
    status: u16,
    headers: &[(&'static str, &str)],
    body: &str,
) -> NodeClient {
    let status = StatusCode::from_u16(status).unwrap();
    let headers: Vec<(&'static str, String)> =
        headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let body = body.to_owned();
    let server = HttpServer::new(move || {
        let (headers, body) = (headers.clone(), body.clone());
        WebApp::new().default_service(web::to(move || {
            let mut answer = HttpResponse::build(status);
            for (name, value) in &headers {
                answer.insert_header((*name, value.as_str()));
            }
            let answer = answer.body(body.clone());
            async move { answer }
        }))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    actix::spawn(server.run());
    NodeClient::at(&NodeUrl::parse(&url).unwrap(), Some("fazt_a_b"))
}

#[test]
fn names_and_paths_are_encoded_segment_by_segment() {
    for (text, expect) in [
        ("blog", "blog"),
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("ü", "%C3%BC"),
        ("a.b-c_d~e", "a.b-c_d~e"),
        ("a?b#c", "a%3Fb%23c"),
    ] {
        assert_eq!(segment(text), expect);
    }
    assert_eq!(app_path("my app", "/releases"), "/api/apps/my%20app/releases");
    assert_eq!(release_segment(None), "live");
    assert_eq!(release_segment(Some(7)), "7");
}

#[actix::test]
async fn a_refusal_speaks_in_the_nodes_words() {
    let body = r#"{"error":{"code":"NAME_TAKEN","message":"another app is called blog",
                   "details":{"field":"name","constraint":"unique"}}}"#;
    let error = node_that_answers(409, &[], body).restore_app("blog").await.unwrap_err();
    let refusal = Refusal::of(&error).unwrap();
    assert_eq!((refusal.status, refusal.code.as_str()), (409, "NAME_TAKEN"));
    let expect = "another app is called blog [name: unique] (NAME_TAKEN)";
    assert_eq!(error.to_string(), expect);
    assert!(!Refusal::is_not_found(&error));
}

#[actix::test]
async fn answers_that_are_no_nodes_say_so() {
    let elsewhere = [("location", "https://www.example.org/")];
    let with_id = [("x-request-id", "abc123")];
    for (status, headers, body, part) in [
        (500, &with_id[..], r#"{"error":{"code":"X","message":"failed"}}"#, "[request abc123]"),
        (200, &[], "<html>", "did not answer like a fazt node"),
        (404, &[], "not found", "answered 404 and not like a fazt node"),
        (301, &elsewhere, "", "use that address"),
        (401, &[], r#"{"error":{"code":"INVALID_TOKEN","message":"expired"}}"#, "FAZT_TOKEN"),
    ] {
        let error = node_that_answers(status, headers, body).app("blog").await.unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[actix::test]
async fn data_is_taken_out_of_its_envelope() {
    let body = r#"{"data":{"message":"revoked"},"later":1}"#;
    let answer = node_that_answers(200, &[], body).revoke_token("abc").await.unwrap();
    assert_eq!(answer.message, "revoked");
}

#[actix::test]
async fn discovery_believes_only_a_fazt() {
    let fazt = r#"{"name":"fazt","version":"0.1.0","admin_url":"https://admin.example.org"}"#;
    for (status, body, expect) in [
        (200, fazt, Some("https://admin.example.org")),
        (404, fazt, None),
        (200, r#"{"name":"other","version":"1","admin_url":"https://x"}"#, None),
        (200, "<html>", None),
    ] {
        let found = node_that_answers(status, &[], body).discover().await.unwrap();
        assert_eq!(found.map(|found| found.admin_url).as_deref(), expect);
    }
}
