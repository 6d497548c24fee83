//! Cryptography behind `crypto` (Web Cryptography API, W3C): plain functions over bytes.
//!
//! The prelude keeps the keys and judges formats, usages and the parameters of scripts; here is
//! only the arithmetic. Everything answers at once, since an isolate's memory bounds what it can
//! send here, except for PBKDF2, which is slow by design.

mod aes_gcm;
mod derive;
mod ecdsa;
mod ed25519;

#[cfg(test)]
mod tests;

use data_encoding::HEXLOWER;
use ring::{digest, hkdf, hmac, pbkdf2};

use super::value::{Args, HostError};
use super::{Answer, Host, HostFunction};

/// Bytes of one draw of random numbers (Web Cryptography API section 10.1.1).
const RANDOM_BYTES_MAX: u32 = 65_536;

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction::now("randomBytes", random_bytes),
    HostFunction::now("randomUuid", random_uuid),
    HostFunction::now("digest", digest_of),
    HostFunction::now("hmacSign", hmac_sign),
    HostFunction::now("hmacVerify", hmac_verify),
    HostFunction::now("aesGcmEncrypt", aes_gcm::encrypt),
    HostFunction::now("aesGcmDecrypt", aes_gcm::decrypt),
    HostFunction::now("hkdf", derive::hkdf),
    HostFunction::later("pbkdf2", derive::pbkdf2),
    HostFunction::now("ecdsaGenerate", ecdsa::generate),
    HostFunction::now("ecdsaSign", ecdsa::sign),
    HostFunction::now("ecdsaVerify", ecdsa::verify),
    HostFunction::now("ecdsaPublicFromPrivate", ecdsa::public_from_private),
    HostFunction::now("ecdsaPublicFromRaw", ecdsa::public_from_raw),
    HostFunction::now("ecdsaPrivateFromPkcs8", ecdsa::private_from_pkcs8),
    HostFunction::now("ecdsaPrivateToPkcs8", ecdsa::private_to_pkcs8),
    HostFunction::now("ecdsaPublicFromSpki", ecdsa::public_from_spki),
    HostFunction::now("ecdsaPublicToSpki", ecdsa::public_to_spki),
    HostFunction::now("ed25519Generate", ed25519::generate),
    HostFunction::now("ed25519Sign", ed25519::sign),
    HostFunction::now("ed25519Verify", ed25519::verify),
    HostFunction::now("ed25519PublicFromPrivate", ed25519::public_from_private),
    HostFunction::now("ed25519PrivateFromPkcs8", ed25519::private_from_pkcs8),
    HostFunction::now("ed25519PrivateToPkcs8", ed25519::private_to_pkcs8),
    HostFunction::now("ed25519PublicFromSpki", ed25519::public_from_spki),
    HostFunction::now("ed25519PublicToSpki", ed25519::public_to_spki),
];

/// The hash functions of the standard (section 30).
#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The one that an argument names, as the prelude spells it.
    fn argument(args: Args<'_>, place: usize) -> Result<Hash, HostError> {
        match args.text(place)? {
            "SHA-1" => Ok(Hash::Sha1),
            "SHA-256" => Ok(Hash::Sha256),
            "SHA-384" => Ok(Hash::Sha384),
            "SHA-512" => Ok(Hash::Sha512),
            other => Err(HostError::type_error(format!("there is no hash {other}"))),
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
            Hash::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn hkdf(self) -> hkdf::Algorithm {
        match self {
            Hash::Sha1 => hkdf::HKDF_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => hkdf::HKDF_SHA256,
            Hash::Sha384 => hkdf::HKDF_SHA384,
            Hash::Sha512 => hkdf::HKDF_SHA512,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Hash::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Hash::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

/// An `OperationError`: the operation failed for a reason that is nobody's spelling.
fn operation_error(message: &str) -> HostError {
    HostError::new("OperationError", message)
}

/// A `DataError`: the bytes are no such key.
fn data_error(message: &str) -> HostError {
    HostError::new("DataError", message)
}

/// Fills a buffer from the system's generator.
fn fill_random(bytes: &mut [u8]) -> Result<(), HostError> {
    getrandom::fill(bytes).map_err(|_| operation_error("the system gives no random numbers"))
}

/// `randomBytes(count)`: at most [`RANDOM_BYTES_MAX`].
fn random_bytes(_: &mut Host, args: Args<'_>) -> Answer {
    let count = args.integer(0)?;
    if count > RANDOM_BYTES_MAX {
        let message = format!("at most {RANDOM_BYTES_MAX} random bytes can be drawn at once");
        return Err(HostError::new("QuotaExceededError", message));
    }
    let mut bytes = vec![0; count as usize];
    fill_random(&mut bytes)?;
    Ok(bytes.into())
}

/// `randomUuid()`: version 4 (RFC 9562 section 5.4).
fn random_uuid(_: &mut Host, _: Args<'_>) -> Answer {
    let mut bytes = [0; 16];
    fill_random(&mut bytes)?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut text = HEXLOWER.encode(&bytes);
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    Ok(text.into())
}

/// `digest(hash, data)` (FIPS 180-4).
fn digest_of(_: &mut Host, args: Args<'_>) -> Answer {
    let hash = Hash::argument(args, 0)?;
    Ok(digest::digest(hash.digest(), &args.bytes(1)?).as_ref().to_vec().into())
}

/// `hmacSign(hash, key, data)` (RFC 2104).
fn hmac_sign(_: &mut Host, args: Args<'_>) -> Answer {
    let key = hmac::Key::new(Hash::argument(args, 0)?.hmac(), &args.bytes(1)?);
    Ok(hmac::sign(&key, &args.bytes(2)?).as_ref().to_vec().into())
}

/// `hmacVerify(hash, key, signature, data)`: whether it fits, compared in constant time.
fn hmac_verify(_: &mut Host, args: Args<'_>) -> Answer {
    let key = hmac::Key::new(Hash::argument(args, 0)?.hmac(), &args.bytes(1)?);
    Ok(hmac::verify(&key, &args.bytes(3)?, &args.bytes(2)?).is_ok().into())
}
