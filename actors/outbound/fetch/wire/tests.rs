use proptest::prelude::*;

use super::*;

/// What awc gets of an answer that arrives in pieces of this size; none while there is no head.
fn passed(answer: &[u8], is_for_head: bool, piece: usize) -> Option<Vec<u8>> {
    let request: &[u8] = if is_for_head { b"HEAD / HTTP/1.1" } else { b"GET / HTTP/1.1" };
    let mut head = Head::of_answer_to(request);
    let mut pieces = answer.chunks(piece);
    while let Some(bytes) = pieces.next() {
        head.bytes.extend_from_slice(bytes);
        if head.is_complete() {
            return Some(
                [&head.bytes[..], &pieces.flatten().copied().collect::<Vec<u8>>()].concat(),
            );
        }
    }
    None
}

#[track_caller]
fn check(answer: &str, is_for_head: bool, expect: Option<&str>) {
    for piece in [1, 2, 3, 7, 1_000] {
        let found = passed(answer.as_bytes(), is_for_head, piece);
        let found = found.map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(found.as_deref(), expect, "in pieces of {piece}: {answer:?}");
    }
}

#[test]
fn heads_that_awc_reads_well_pass_as_they_are() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nhi",
        "HTTP/1.1 101 Switching Protocols\r\n\r\nbytes",
        "HTTP/2 200\r\n\r\n",
        "SSH-2.0\r\n\r\n",
    ] {
        check(answer, false, Some(answer));
    }
    check("HTTP/1.1 200 OK\r\n\r\n", true, Some("HTTP/1.1 200 OK\r\n\r\n"));
}

#[test]
fn what_awc_would_misread_is_put_right() {
    check("HTTP/1.1 200 OK\r\n\r\nhi", false, Some("HTTP/1.0 200 OK\r\n\r\nhi"));
    check("HTTP/1.1 200 OK\r\nX: y\r\n\r\n", false, Some("HTTP/1.0 200 OK\r\nX: y\r\n\r\n"));
    // Named in a value or in the body, a length is none.
    let value = "HTTP/1.1 200 OK\r\nX: content-length: 2\r\n\r\ncontent-length: 2\r\n\r\n";
    check(value, false, Some(&value.replacen("1.1", "1.0", 1)));
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    for interim in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 100 Continue\n\nHTTP/1.1 102 Processing\r\n\r\n",
    ] {
        check(&format!("{interim}{last}"), false, Some(last));
        check(&format!("{interim}{last}"), true, Some(last));
        check(interim, false, None);
    }
}

#[test]
fn a_head_that_does_not_end_is_given_up() {
    check("HTTP/1.1 200 OK\r\nX: y\r\n", false, None);
    let endless = "HTTP/1.1 200 OK\r\nX: ".to_owned() + &"y".repeat(HEAD_BYTES_MAX);
    assert!(passed(endless.as_bytes(), false, READ_BYTES).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn how_it_arrives_makes_no_difference(
        answer in "(HTTP/1\\.[01] [0-9]{3} |[A-Ca-c-]{1,3}:|Content-Length:|\r|\n|\r\n){0,12}",
        piece in 1_usize..9,
    ) {
        let whole = passed(answer.as_bytes(), false, usize::MAX);
        prop_assert_eq!(passed(answer.as_bytes(), false, piece), whole);
    }
}
