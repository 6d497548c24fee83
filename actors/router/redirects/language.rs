//! `Accept-Language` (RFC 9110 section 12.5.4), as far as redirects need it.

/// The language range that the visitor likes best, the first among equals; `None`
/// when it is `*` or there is none.
pub(super) fn preferred(accept_language: &str) -> Option<&str> {
    let mut best: Option<(u16, &str)> = None;
    for element in accept_language.split(',') {
        let (range, weight) = match element.split_once(';') {
            Some((range, parameter)) => (range.trim(), parse_weight(parameter)),
            None => (element.trim(), Some(WEIGHT_MAX)),
        };
        let Some(weight) = weight.filter(|weight| *weight > 0 && !range.is_empty()) else {
            continue;
        };
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

/// The weight 1, in thousandths.
const WEIGHT_MAX: u16 = 1000;

/// Reads `q=0.8` in thousandths.
fn parse_weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.trim().split_once('=')?;
    if !name.eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit()) && fraction.len() <= 3;
    let thousandths: u16 = match fraction {
        _ if !digits => return None,
        "" => 0,
        some => format!("{some:0<3}").parse().ok()?,
    };
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(WEIGHT_MAX),
        _ => None,
    }
}
