//! Random numbers from the system, drawn where requests and commands enter.

use std::cell::RefCell;

/// Random bytes that are drawn at once for ids.
const ID_BYTES: usize = 1024;

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
        let wanted = length - text.len();
        text.extend(bytes::<32>().into_iter().filter_map(base62_digit).take(wanted));
    }
    text
}

/// A text like [`base62`] for what has to differ and is no secret: asking the system for each of
/// them would cost more than all else that is done for a small request.
pub fn id(length: usize) -> String {
    thread_local! {
        static DRAWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    DRAWN.with_borrow_mut(|drawn| {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            match drawn.pop() {
                Some(byte) => text.extend(base62_digit(byte)),
                None => drawn.extend(bytes::<ID_BYTES>()),
            }
        }
        text
    })
}

/// The digit that a random byte stands for; 248 is the largest multiple of 62 in a byte, and
/// above it the chances would differ.
fn base62_digit(byte: u8) -> Option<char> {
    (byte < 248).then(|| char::from(BASE62[usize::from(byte % 62)]))
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

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<String> = (0..1_000).map(|_| id(16)).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 16));
    }
}
