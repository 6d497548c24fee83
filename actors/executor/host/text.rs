//! Text and bytes: the Encoding standard behind `TextDecoder`, UTF-8 behind `TextEncoder`, and
//! base64 behind `atob` and `btoa`.

use std::collections::HashMap;

use data_encoding::{BASE64, BASE64_MIME_PERMISSIVE};
use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding};

use super::value::{Args, HostError, Value};
use super::{Answer, Host, HostFunction};

/// Decoders of one isolate that are in the middle of a text. Only those of encodings that the
/// prelude cannot cut by itself live here: not UTF-8, not UTF-16.
const DECODERS_MAX: usize = 256;

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction::now("encodingLabel", encoding_label),
    HostFunction::now("utf8Encode", utf8_encode),
    HostFunction::now("decode", decode),
    HostFunction::now("decoderOpen", decoder_open),
    HostFunction::now("decoderDecode", decoder_decode),
    HostFunction::now("decoderClose", decoder_close),
    HostFunction::now("base64Encode", base64_encode),
    HostFunction::now("base64Decode", base64_decode),
];

/// The decoders of one isolate that wait for the rest of their text.
#[derive(Default)]
pub struct TextState {
    decoders: HashMap<u32, OpenDecoder>,
    /// The number of the next decoder; numbers are not used twice.
    next: u32,
}

/// A decoder between two chunks.
struct OpenDecoder {
    decoder: Decoder,
    is_fatal: bool,
}

impl OpenDecoder {
    fn new(encoding: &'static Encoding, is_fatal: bool, keeps_bom: bool) -> OpenDecoder {
        let decoder = if keeps_bom {
            encoding.new_decoder_without_bom_handling()
        } else {
            encoding.new_decoder_with_bom_removal()
        };
        OpenDecoder { decoder, is_fatal }
    }

    /// The text of one more chunk.
    fn decode(&mut self, bytes: &[u8], is_last: bool) -> Result<String, HostError> {
        let bound = if self.is_fatal {
            self.decoder.max_utf8_buffer_length_without_replacement(bytes.len())
        } else {
            self.decoder.max_utf8_buffer_length(bytes.len())
        };
        let bound = bound.ok_or_else(|| HostError::range_error("the text is too long"))?;
        let mut text = String::with_capacity(bound);
        let is_whole = if self.is_fatal {
            let (result, _) =
                self.decoder.decode_to_string_without_replacement(bytes, &mut text, is_last);
            if matches!(result, DecoderResult::Malformed(..)) {
                return Err(malformed(self.decoder.encoding()));
            }
            result == DecoderResult::InputEmpty
        } else {
            let (result, ..) = self.decoder.decode_to_string(bytes, &mut text, is_last);
            result == CoderResult::InputEmpty
        };
        debug_assert!(is_whole, "the bound of {} is too small", self.decoder.encoding().name());
        Ok(text)
    }
}

/// `encodingLabel(label)`: the name of an encoding in lower case, null for an unknown label and
/// for the encoding "replacement" (Encoding section 7.2, the constructor).
fn encoding_label(_: &mut Host, args: Args<'_>) -> Answer {
    let encoding = Encoding::for_label_no_replacement(args.text(0)?.as_bytes());
    Ok(encoding.map(|encoding| encoding.name().to_ascii_lowercase()).into())
}

/// `utf8Encode(string)`: its bytes.
fn utf8_encode(_: &mut Host, args: Args<'_>) -> Answer {
    Ok(args.text(0)?.as_bytes().to_vec().into())
}

/// `decode(label, bytes, fatal, ignoreBom)`: a whole text at once.
fn decode(_: &mut Host, args: Args<'_>) -> Answer {
    let encoding = encoding(args.text(0)?)?;
    let bytes = args.bytes(1)?;
    let keeps_bom = args.flag(3)?;
    if args.flag(2)? {
        let text = OpenDecoder::new(encoding, true, keeps_bom).decode(&bytes, true)?;
        return Ok(text.into());
    }
    let (text, _) = if keeps_bom {
        encoding.decode_without_bom_handling(&bytes)
    } else {
        encoding.decode_with_bom_removal(&bytes)
    };
    Ok(text.into_owned().into())
}

/// `decoderOpen(label, fatal, ignoreBom)`: a handle for a text in chunks.
fn decoder_open(host: &mut Host, args: Args<'_>) -> Answer {
    let decoder = OpenDecoder::new(encoding(args.text(0)?)?, args.flag(1)?, args.flag(2)?);
    let state = &mut host.text;
    if state.decoders.len() >= DECODERS_MAX {
        return Err(HostError::range_error(format!(
            "{DECODERS_MAX} decoders wait for the rest of their text; \
             end a text with decode() without {{stream: true}}"
        )));
    }
    let handle = state.next;
    state.next = state.next.wrapping_add(1);
    state.decoders.insert(handle, decoder);
    Ok(handle.into())
}

/// `decoderDecode(handle, bytes, isLast)`: the text of a chunk. The last chunk and an error close
/// the handle.
fn decoder_decode(host: &mut Host, args: Args<'_>) -> Answer {
    let (handle, bytes, is_last) = (args.integer(0)?, args.bytes(1)?, args.flag(2)?);
    let decoders = &mut host.text.decoders;
    let decoder = decoders.get_mut(&handle);
    let decoder = decoder.ok_or_else(|| HostError::type_error("the decoder is closed"))?;
    let text = decoder.decode(&bytes, is_last);
    if is_last || text.is_err() {
        decoders.remove(&handle);
    }
    text.map(Value::from)
}

/// `decoderClose(handle)`: nobody will bring the rest. Closing twice is no error.
fn decoder_close(host: &mut Host, args: Args<'_>) -> Answer {
    host.text.decoders.remove(&args.integer(0)?);
    Ok(Value::Null)
}

/// `base64Encode(bytes)`: with padding (RFC 4648 section 4).
fn base64_encode(_: &mut Host, args: Args<'_>) -> Answer {
    Ok(BASE64.encode(&args.bytes(0)?).into())
}

/// `base64Decode(string)`: null when it is no base64.
fn base64_decode(_: &mut Host, args: Args<'_>) -> Answer {
    Ok(forgiving_base64(args.text(0)?).into())
}

/// Forgiving-base64 decode (Infra section 7): blanks are dropped, padding may be absent, and the
/// bits that are left over need not be zero.
fn forgiving_base64(text: &str) -> Option<Vec<u8>> {
    let is_blank = |c: &u8| matches!(c, b'\t' | b'\n' | b'\x0C' | b'\r' | b' ');
    let mut data: Vec<u8> = text.bytes().filter(|c| !is_blank(c)).collect();
    if data.len().is_multiple_of(4) {
        let padding = data.iter().rev().take(2).take_while(|c| **c == b'=').count();
        data.truncate(data.len() - padding);
    }
    if data.len() % 4 == 1 || data.contains(&b'=') {
        return None;
    }
    data.resize(data.len().next_multiple_of(4), b'=');
    BASE64_MIME_PERMISSIVE.decode(&data).ok()
}

/// The encoding of a label that the prelude has had checked.
fn encoding(label: &str) -> Result<&'static Encoding, HostError> {
    Encoding::for_label_no_replacement(label.as_bytes())
        .ok_or_else(|| HostError::range_error(format!("there is no encoding \"{label}\"")))
}

fn malformed(encoding: &'static Encoding) -> HostError {
    let name = encoding.name().to_ascii_lowercase();
    HostError::type_error(format!("the encoded data is not valid {name}"))
}

#[cfg(test)]
mod tests;
