//! Random numbers from the system, drawn where requests and commands enter.

/// The 62 characters of ids and secrets.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `N` bytes from the system's generator.
///
/// # Panics
/// Never on the systems that fazt runs on: there the generator cannot fail once
/// the machine is up. Without it nothing secret can be made, so the process ends.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(error = %error, "the system gives no random numbers");
        std::process::abort();
    }
    bytes
}

/// A text of `length` base62 characters, each one of 62 with equal chance.
pub fn base62(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // 248 is the largest multiple of 62 in a byte; above it the chances would differ.
        let drawn = bytes::<32>().into_iter().filter(|byte| *byte < 248);
        let wanted = length - text.len();
        text.extend(drawn.take(wanted).map(|byte| char::from(BASE62[usize::from(byte % 62)])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_length_and_differ() {
        for length in [0, 1, 12, 43, 200] {
            let text = base62(length);
            assert_eq!(text.len(), length);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        assert_ne!(base62(16), base62(16));
    }
}
