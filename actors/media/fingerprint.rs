//! Tells a hash from a word in a file name.
//!
//! Build tools put 8 or more characters of hexadecimal, base 32, base 36, base 62 or URL-safe
//! base 64 into a name. A person writes words, dates, versions and sizes there. A run of
//! letters and digits counts as a hash unless it can be read as the latter.

/// Characters of the shortest hash that build tools write.
const HASH_CHARS_MIN: usize = 8;
/// Characters of the longest one: SHA-512 in hexadecimal.
const HASH_CHARS_MAX: usize = 128;
/// Characters of the hashes of Rollup, Vite and esbuild.
const SHORT_HASH_CHARS: usize = 8;
/// Bytes of a file name that are looked at.
const NAME_BYTES_MAX: usize = 512;
/// Characters of hexadecimal from which on no word, date or size is that long.
const SURELY_HEX_CHARS: usize = 16;
/// Single letters that a run may have and still be words, as in `x86Assembly`.
const SINGLE_LETTERS_MAX: usize = 2;

/// Whether a part of `file_name` before its extension is a hash.
pub(super) fn has_hash(file_name: &str) -> bool {
    if file_name.len() > NAME_BYTES_MAX {
        return false;
    }
    let Some((stem, _extension)) = file_name.rsplit_once('.') else { return false };
    let mut runs = stem.split(['.', '-', '_']);
    let first = runs.next().is_some_and(|run| is_hash(run) && is_plainly_random(run));
    first || runs.any(is_hash) || ends_in_url_safe_hash(stem)
}

/// Whether a hash is one even where a name usually stands, at the beginning: hexadecimal, or
/// eight characters with a digit among them, as chunks without a name are called.
fn is_plainly_random(run: &str) -> bool {
    let digit = run.contains(|c: char| c.is_ascii_digit());
    digit && (run.len() == SHORT_HASH_CHARS || run.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether one run without separators is a hash.
fn is_hash(run: &str) -> bool {
    if !(HASH_CHARS_MIN..=HASH_CHARS_MAX).contains(&run.len()) {
        return false;
    }
    if !run.bytes().all(|b| b.is_ascii_alphanumeric()) || begins_with_date(run) {
        return false;
    }
    let has = |class: fn(&u8) -> bool| run.as_bytes().iter().any(class);
    let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let digit = has(u8::is_ascii_digit);
    if run.bytes().all(|b| b.is_ascii_hexdigit()) && lower != upper {
        // `facade24` is hexadecimal too, but a word with a number.
        return digit && (run.len() >= SURELY_HEX_CHARS || !is_word_and_number(run));
    }
    if is_word_and_number(run) {
        return false;
    }
    match (lower, upper, digit) {
        (true, true, _) | (true, false, true) => !reads_as_words(run, SINGLE_LETTERS_MAX),
        (false, true, true) => run.len() == SHORT_HASH_CHARS && pieces(run).count() > 2,
        _ => false,
    }
}

/// Whether a name ends in eight characters of URL-safe base 64, which may hold separators.
fn ends_in_url_safe_hash(stem: &str) -> bool {
    let Some(start) = stem.len().checked_sub(SHORT_HASH_CHARS) else { return false };
    let (before, tail) = stem.as_bytes().split_at(start);
    let has = |class: fn(&u8) -> bool| tail.iter().any(class);
    let separated = match before.last() {
        Some(last) => matches!(last, b'.' | b'-' | b'_'),
        // Here a name usually stands, so that more is asked of a hash.
        None => has(u8::is_ascii_digit),
    };
    let url_safe = tail.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    separated
        && url_safe
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && std::str::from_utf8(tail).is_ok_and(|tail| !reads_as_words(tail, 1))
}

/// Whether a run begins as `20240115` does.
fn begins_with_date(run: &str) -> bool {
    let number = |from: usize, to: usize| run.get(from..to)?.parse::<u32>().ok();
    matches!(
        (number(0, 4), number(4, 6), number(6, 8)),
        (Some(1970..=2099), Some(1..=12), Some(1..=31))
    )
}

/// Whether a run is letters of one kind followed by digits, or digits followed by them, with
/// at least three letters: `facade24`, `ieee1394`.
fn is_word_and_number(run: &str) -> bool {
    let is_number = |piece: &str| piece.starts_with(|c: char| c.is_ascii_digit());
    let mut parts = pieces(run);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(one), Some(two), None) if is_number(one) != is_number(two) => {
            let word = if is_number(one) { two } else { one };
            word.len() > 2
        }
        _ => false,
    }
}

/// Whether all pieces of a run are words, abbreviations or numbers, with at most
/// `singles_max` single letters among them.
fn reads_as_words(run: &str, singles_max: usize) -> bool {
    let singles = pieces(run)
        .filter(|piece| piece.len() == 1 && !piece.starts_with(|c: char| c.is_ascii_digit()))
        .count();
    singles <= singles_max && pieces(run).all(is_word)
}

/// Cuts `myHTMLView2` into `my`, `HTML`, `View` and `2`.
fn pieces(run: &str) -> impl Iterator<Item = &str> {
    let bytes = run.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        while matches!(bytes.get(start), Some(b'-' | b'_')) {
            start += 1;
        }
        let from = start;
        let first = *bytes.get(from)?;
        start += 1;
        while let Some(&next) = bytes.get(start) {
            let previous = bytes[start - 1];
            let follows = bytes.get(start + 1).is_some_and(u8::is_ascii_lowercase);
            let goes_on = match next {
                b'0'..=b'9' => first.is_ascii_digit(),
                b'a'..=b'z' => previous.is_ascii_alphabetic(),
                b'A'..=b'Z' => previous.is_ascii_uppercase() && !follows,
                _ => false,
            };
            if !goes_on {
                break;
            }
            start += 1;
        }
        run.get(from..start)
    })
}

/// Short forms without a vowel that people write in file names.
const ABBREVIATIONS: &[&str] = &[
    "addr", "attr", "bg", "btn", "cfg", "cls", "cmd", "css", "ctrl", "ctx", "db", "dev", "dl",
    "fn", "fx", "gl", "hd", "hq", "html", "http", "https", "img", "js", "jsx", "kb", "lg", "lng",
    "mb", "md", "mdx", "mgr", "mp", "msg", "nd", "nth", "pdf", "pg", "php", "pkg", "png", "ppt",
    "px", "rd", "rgb", "sdk", "sm", "sql", "src", "ssr", "st", "svg", "th", "tmp", "ts", "tsx",
    "tv", "txt", "url", "vh", "vr", "vs", "vw", "wp", "www", "xhr", "xl", "xml", "xs", "xxl",
];
/// Two consonants that English words begin with.
const ONSETS: &[&str] = &[
    "bl", "br", "ch", "cl", "cr", "dr", "dw", "fl", "fr", "gh", "gl", "gn", "gr", "kl", "kn", "kr",
    "ph", "pl", "pr", "ps", "rh", "sc", "sch", "sh", "sk", "sl", "sm", "sn", "sp", "sq", "st",
    "sw", "th", "tr", "tw", "vl", "wh", "wr",
];
/// Letters of an abbreviation in capitals.
const CAPITALS_MAX: usize = 5;
/// Consonants, or vowels, that a word has in a row.
const CONSONANTS_MAX: usize = 4;
const VOWELS_MAX: usize = 3;

/// Whether a piece can be a word. It need not be one: a pronounceable hash is taken for a
/// word, which is the harmless mistake.
fn is_word(piece: &str) -> bool {
    let bytes = piece.as_bytes();
    if bytes.len() <= 1 || bytes.iter().all(u8::is_ascii_digit) {
        return true;
    }
    if bytes.iter().all(u8::is_ascii_uppercase) {
        return bytes.len() <= CAPITALS_MAX;
    }
    let word = piece.to_ascii_lowercase();
    if ABBREVIATIONS.contains(&word.as_str()) {
        return true;
    }
    let is_vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let longest = |of_vowels: bool| {
        let runs = word.split(|c: char| is_vowel(c) != of_vowels);
        runs.map(str::len).max().unwrap_or(0)
    };
    let onset = word.find(is_vowel);
    let starts_well = match onset {
        None => false,
        Some(0 | 1) => true,
        Some(_) => word.get(..2).is_some_and(|two| ONSETS.contains(&two)),
    };
    starts_well
        && ends_well(&word)
        && longest(false) <= CONSONANTS_MAX
        && longest(true) <= VOWELS_MAX
}

/// Whether the consonants at a word's end can be spoken: three need an `s`, `t`, `h` or `d`.
fn ends_well(word: &str) -> bool {
    let tail = word.rsplit(['a', 'e', 'i', 'o', 'u', 'y']).next().unwrap_or_default();
    match tail.len() {
        0 | 1 => !tail.ends_with(['q', 'j']),
        2 => !tail.ends_with(['q', 'j', 'v', 'w']),
        _ => tail.ends_with(['s', 't', 'h', 'd']),
    }
}
