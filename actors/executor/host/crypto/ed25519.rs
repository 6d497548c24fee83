//! Ed25519 (RFC 8032; Web Cryptography API section 25). A private key is its seed of 32 bytes, a
//! public one the 32 bytes of its point.

use p256::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::{data_error, fill_random};
use crate::executor::host::value::{Args, HostError};
use crate::executor::host::{Answer, Host};

/// `id-Ed25519` (RFC 8410 section 3).
const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The octet string of 32 bytes around the seed in PKCS #8 (RFC 8410 section 7).
const SEED_HEADER: [u8; 2] = [0x04, 0x20];

/// What stands before the seed in PKCS #8: everything there has a fixed length.
const PKCS8_HEADER: [u8; 16] =
    [0x30, 0x2e, 0x02, 1, 0, 0x30, 0x05, 0x06, 3, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// What stands before the point in `SubjectPublicKeyInfo`.
const SPKI_HEADER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 3, 0x2b, 0x65, 0x70, 0x03, 0x21, 0];

/// The points whose order divides eight, by their `y` with the sign bit off: 0, 1, -1, the two of
/// order eight, and the two that are 0 and 1 again when the field's prime is subtracted. One
/// signature would fit many messages under them (section 25.3.2 has them refused).
const SMALL_ORDER: [&[u8; 64]; 7] = [
    b"0000000000000000000000000000000000000000000000000000000000000000",
    b"0100000000000000000000000000000000000000000000000000000000000000",
    b"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    b"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    b"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    b"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    b"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// `ed25519Generate()`: a new seed.
pub(super) fn generate(_: &mut Host, _: Args<'_>) -> Answer {
    let mut seed = [0; 32];
    fill_random(&mut seed)?;
    Ok(seed.to_vec().into())
}

/// `ed25519Sign(private, data)`: 64 bytes.
pub(super) fn sign(_: &mut Host, args: Args<'_>) -> Answer {
    Ok(key_pair(args, 0)?.sign(&args.bytes(1)?).as_ref().to_vec().into())
}

/// `ed25519Verify(public, signature, data)`: whether it fits.
pub(super) fn verify(_: &mut Host, args: Args<'_>) -> Answer {
    let (public, signature, data) = (args.bytes(0)?, args.bytes(1)?, args.bytes(2)?);
    if is_small_order(&public) || signature.get(..32).is_some_and(is_small_order) {
        return Ok(false.into());
    }
    Ok(UnparsedPublicKey::new(&ED25519, &public).verify(&data, &signature).is_ok().into())
}

/// `ed25519PublicFromPrivate(private)`: its public key.
pub(super) fn public_from_private(_: &mut Host, args: Args<'_>) -> Answer {
    Ok(key_pair(args, 0)?.public_key().as_ref().to_vec().into())
}

/// `ed25519PrivateFromPkcs8(der)` (RFC 8410 section 7).
pub(super) fn private_from_pkcs8(_: &mut Host, args: Args<'_>) -> Answer {
    let der = args.bytes(0)?;
    let wrong = || data_error("this is no private key of Ed25519 in PKCS #8");
    let info = PrivateKeyInfoRef::try_from(&*der).map_err(|_| wrong())?;
    let is_ours = info.algorithm.oid == OID && info.algorithm.parameters.is_none();
    let seed = info.private_key.as_bytes().strip_prefix(&SEED_HEADER);
    match seed {
        Some(seed) if is_ours && seed.len() == 32 => Ok(seed.to_vec().into()),
        _ => Err(wrong()),
    }
}

/// `ed25519PrivateToPkcs8(private)`
pub(super) fn private_to_pkcs8(_: &mut Host, args: Args<'_>) -> Answer {
    Ok([&PKCS8_HEADER, &*args.bytes(0)?].concat().into())
}

/// `ed25519PublicFromSpki(der)` (RFC 8410 section 4).
pub(super) fn public_from_spki(_: &mut Host, args: Args<'_>) -> Answer {
    let der = args.bytes(0)?;
    let wrong = || data_error("this is no public key of Ed25519 in SubjectPublicKeyInfo");
    let info = SubjectPublicKeyInfoRef::try_from(&*der).map_err(|_| wrong())?;
    let is_ours = info.algorithm.oid == OID && info.algorithm.parameters.is_none();
    match info.subject_public_key.as_bytes() {
        Some(point) if is_ours && point.len() == 32 => Ok(point.to_vec().into()),
        _ => Err(wrong()),
    }
}

/// `ed25519PublicToSpki(public)`
pub(super) fn public_to_spki(_: &mut Host, args: Args<'_>) -> Answer {
    Ok([&SPKI_HEADER, &*args.bytes(0)?].concat().into())
}

fn key_pair(args: Args<'_>, place: usize) -> Result<Ed25519KeyPair, HostError> {
    Ed25519KeyPair::from_seed_unchecked(&args.bytes(place)?)
        .map_err(|_| data_error("a private key of Ed25519 has 32 bytes"))
}

/// Whether this is one of [`SMALL_ORDER`]. Nothing secret is compared.
fn is_small_order(point: &[u8]) -> bool {
    let mut point = point.to_vec();
    if let Some(last) = point.last_mut() {
        *last &= 0x7f;
    }
    let hex = data_encoding::HEXLOWER.encode(&point);
    SMALL_ORDER.iter().any(|small| small.as_slice() == hex.as_bytes())
}
