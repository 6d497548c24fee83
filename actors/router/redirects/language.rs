//! `Accept-Language` (RFC 9110 section 12.5.4), as far as redirects need it.

use crate::quality::parse_element;

/// The language range that the visitor likes best, the first among equals; `None`
/// when it is `*` or there is none.
pub(super) fn preferred(accept_language: &str) -> Option<&str> {
    let mut best: Option<(u16, &str)> = None;
    for element in accept_language.split(',') {
        let Some((range, weight)) = parse_element(element) else {
            continue;
        };
        if range.is_empty() || weight == 0 {
            continue;
        }
        if best.is_none_or(|(heaviest, _)| weight > heaviest) {
            best = Some((weight, range));
        }
    }
    best.map(|(_, range)| range).filter(|range| *range != "*")
}

/// Whether a rule for `tag` (in lower case) is for a visitor who prefers `range`:
/// `de` is for `de-AT` as well, `de-at` not for `de`.
pub(super) fn covers(tag: &str, range: &str) -> bool {
    let Some((start, rest)) = range.split_at_checked(tag.len()) else {
        return false;
    };
    start.eq_ignore_ascii_case(tag) && (rest.is_empty() || rest.starts_with('-'))
}
