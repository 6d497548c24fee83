//! Quality values (RFC 9110 section 12.4.2): how much a client likes one of several
//! codings or languages.

/// The weight 1, which is also that of an element without one, in thousandths.
pub const WEIGHT_MAX: u16 = 1000;

/// Splits one element of a list such as `gzip;q=0.8` into its name and its weight in
/// thousandths, 0 to [`WEIGHT_MAX`]. `None` when the weight is wrong, or when the
/// parameter is something else.
pub fn parse_element(element: &str) -> Option<(&str, u16)> {
    match element.split_once(';') {
        Some((name, parameter)) => Some((name.trim(), parse_weight(parameter)?)),
        None => Some((element.trim(), WEIGHT_MAX)),
    }
}

fn parse_weight(parameter: &str) -> Option<u16> {
    let value = parameter.trim();
    let value = value.strip_prefix("q=").or_else(|| value.strip_prefix("Q="))?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(WEIGHT_MAX),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse_element;

    #[test]
    fn elements_have_a_name_and_a_weight() {
        for (element, expect) in [
            ("gzip", Some(("gzip", 1000))),
            (" gzip ; q=1 ", Some(("gzip", 1000))),
            ("gzip;Q=1.000", Some(("gzip", 1000))),
            ("gzip;q=0.", Some(("gzip", 0))),
            ("gzip;q=0.05", Some(("gzip", 50))),
            ("", Some(("", 1000))),
            ("gzip;", None),
            ("gzip;q=1.001", None),
            ("gzip;q=0.1234", None),
            ("gzip;q=.5", None),
            ("gzip;q=0.5x", None),
            ("gzip;q = 0.5", None),
            ("gzip;q=+1", None),
            ("gzip;level=1", None),
        ] {
            assert_eq!(parse_element(element), expect, "{element}");
        }
    }
}
