//! What can be a token: one word that can stand in a header.

use crate::kind::{ErrorKind, Fault};

/// Bytes of a token: those of today have 60.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// Why a text is not a token. It never shows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is nothing in it.
    #[error("the token is empty")]
    Empty,
    /// It cannot stand in a header.
    #[error("that is no token: it is too long, more than one word, or holds other letters")]
    Malformed,
}

impl Fault for TokenError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "INVALID_TOKEN_TEXT"
    }
}

/// The token in a text, without what stands around it: a line break, say, of the file that it
/// was in (RFC 6750 section 2.1).
///
/// # Errors
/// The text is empty, has more than [`TOKEN_BYTES_MAX`] bytes, or cannot stand in a header.
pub fn clean(text: &str) -> Result<&str, TokenError> {
    let token = text.trim();
    if token.is_empty() {
        return Err(TokenError::Empty);
    }
    let is_sound =
        token.len() <= TOKEN_BYTES_MAX && token.bytes().all(|byte| byte.is_ascii_graphic());
    if is_sound { Ok(token) } else { Err(TokenError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word() {
        for (text, expect) in [
            ("fazt_a_b\n", Ok("fazt_a_b")),
            ("  0123abcd \r\n", Ok("0123abcd")),
            ("", Err(TokenError::Empty)),
            (" \n", Err(TokenError::Empty)),
            ("fazt_a_b fazt_c_d", Err(TokenError::Malformed)),
            ("token\r\nX-Evil: 1", Err(TokenError::Malformed)),
            ("gr\u{fc}n", Err(TokenError::Malformed)),
        ] {
            assert_eq!(clean(text), expect, "{text:?}");
        }
        assert!(clean(&"a".repeat(4096)).is_ok());
        assert_eq!(clean(&"a".repeat(4097)), Err(TokenError::Malformed));
    }
}
