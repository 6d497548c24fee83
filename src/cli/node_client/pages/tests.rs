use super::*;
use crate::cli::node_client::tests::node_that_answers;

#[actix::test]
async fn a_list_without_an_end_is_given_up() {
    let body = r#"{"data":[1],"meta":{"next_cursor":"again","total":9}}"#;
    let error = node_that_answers(200, &[], body).pages::<u8>("/api/x", "things", None).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("a list of things that does not end"), "{error}");
}

#[actix::test]
async fn a_list_ends_where_it_says_so_or_enough_is_there() {
    let more = r#"{"data":[1,2,3],"meta":{"next_cursor":"again"}}"#;
    for (body, limit, expect) in [
        (r#"{"data":[1,2]}"#, None, &[1, 2][..]),
        (r#"{"data":[1,2],"meta":{"next_cursor":null}}"#, None, &[1, 2]),
        (r#"{"data":[],"meta":{"next_cursor":"again"}}"#, None, &[]),
        (r#"{"data":[],"meta":{"next_cursor":"again"}}"#, Some(5), &[]),
        (more, Some(2), &[1, 2]),
        (more, Some(3), &[1, 2, 3]),
        (more, Some(4), &[1, 2, 3, 1]),
    ] {
        let found = node_that_answers(200, &[], body).pages::<u8>("/api/x", "things", limit).await;
        assert_eq!(found.unwrap(), expect, "{limit:?} of {body}");
    }
}

#[actix::test]
async fn null_is_a_list_only_where_the_original_may_answer() {
    let node = node_that_answers(200, &[], r#"{"data":null}"#);
    assert_eq!(node.pages_or_null::<u8>("/api/x", "things", None).await.unwrap(), None);
    let error = node.pages::<u8>("/api/x", "things", None).await.unwrap_err();
    assert!(Stranger::answers(&error), "{error}");
}

#[test]
fn parameters_follow_each_other() {
    let some = |text: &str| Some(text.to_owned());
    for (path, parameters, expect) in [
        ("/a", [("b", None), ("c", None)], "/a"),
        ("/a", [("b", some("1")), ("c", some("x y"))], "/a?b=1&c=x%20y"),
        ("/a?z=0", [("b", None), ("c", some("&"))], "/a?z=0&c=%26"),
    ] {
        assert_eq!(with_query(path, parameters), expect);
    }
}
