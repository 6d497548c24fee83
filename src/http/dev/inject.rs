//! Puts a tag into a page without reading more of it than its beginning.

use bytes::Bytes;

/// Bytes at the beginning of a page in which its head is looked for.
const BEGINNING_BYTES: usize = 64 * 1024;

/// The page with `tag` as early as it may stand: what comes first still runs when the rest
/// of a page is broken. Text in UTF-16 stays as it is.
pub(super) fn with_tag(page: Bytes, tag: &str) -> Bytes {
    let Some(at) = place(&page) else { return page };
    let mut whole = Vec::with_capacity(page.len() + tag.len());
    whole.extend_from_slice(&page[..at]);
    whole.extend_from_slice(tag.as_bytes());
    whole.extend_from_slice(&page[at..]);
    whole.into()
}

/// Behind `<head>` where that is written, else behind `<html>`, else behind the document type:
/// before that a tag would change how the browser lays out the page.
fn place(page: &[u8]) -> Option<usize> {
    let beginning = &page[..page.len().min(BEGINNING_BYTES)];
    if beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff") {
        return None;
    }
    let mut at = if beginning.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut place = at;
    while let Some((part, length)) = next_part(&beginning[at..]) {
        at += length;
        match part {
            Part::Space => {}
            Part::Frame => place = at,
            Part::Head => return Some(at),
        }
    }
    Some(place)
}

/// What may stand before the content of a page.
enum Part {
    /// Blanks and comments.
    Space,
    /// The document type, or `<html>`.
    Frame,
    /// `<head>`.
    Head,
}

/// The first part of `text` and its bytes; none where content begins or the text ends.
fn next_part(text: &[u8]) -> Option<(Part, usize)> {
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if blanks > 0 {
        return Some((Part::Space, blanks));
    }
    if text.starts_with(b"<!--") {
        let end = text.windows(3).skip(4).position(|window| window == b"-->")?;
        return Some((Part::Space, 4 + end + 3));
    }
    if text.starts_with(b"<!") || text.starts_with(b"<?") {
        return Some((Part::Frame, tag_bytes(text)?));
    }
    let name: Vec<u8> = text.get(1..5)?.iter().map(u8::to_ascii_lowercase).collect();
    let is_tag = text[0] == b'<' && text.get(5).is_some_and(|next| b" \t\r\n\x0c/>".contains(next));
    match name.as_slice() {
        b"html" if is_tag => Some((Part::Frame, tag_bytes(text)?)),
        b"head" if is_tag => Some((Part::Head, tag_bytes(text)?)),
        _ => None,
    }
}

/// Bytes up to the end of the tag that `text` begins with. A `>` in quotes does not end it.
fn tag_bytes(text: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.iter().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(*byte),
            (_, Some(open)) if *byte == open => quote = None,
            (b'>', None) => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks where the tag goes: `page` has a `|` at that place.
    #[track_caller]
    fn check(page: &str) {
        let bare = Bytes::from(page.replacen('|', "", 1));
        assert_eq!(with_tag(bare, "|"), page.as_bytes(), "{page}");
    }

    #[test]
    fn the_tag_stands_as_early_as_it_may() {
        for page in [
            "<!doctype html><html><head>|<title>a</title></head><body>b</body></html>",
            "<!DOCTYPE html>\n<HTML lang=en>\n<HEAD\tid=\"a>b\">|\n<title>",
            "\u{feff}<!doctype html>|<title>a</title>",
            "<!doctype html>\n<!-- <head> -->\n<html lang='>'>|<title>no head</title>",
            "<!-- first --><!doctype html>|\n<header>not a head</header>",
            "<?xml version=\"1.0\"?>|<p>a",
            "|<p>no frame at all",
            "|text",
            "|",
            "|<",
            "|<!-- a comment without an end <head>",
            "<!doctype html>|<html lang=\"no end",
            "<html/>|<body>",
        ] {
            check(page);
        }
    }

    #[test]
    fn what_is_not_read_byte_by_byte_stays_as_it_is() {
        for page in [&b"\xff\xfe<\0h\0"[..], b"\xfe\xff\0<\0h"] {
            assert_eq!(with_tag(Bytes::copy_from_slice(page), "tag"), page);
        }
    }

    #[test]
    fn only_the_beginning_is_searched() {
        let page = format!("<!doctype html>{}<head>", " ".repeat(BEGINNING_BYTES));
        let tagged = with_tag(page.into(), "|");
        assert!(tagged.starts_with(b"<!doctype html>| "));
    }
}
