//! ECDSA over P-256 (FIPS 186-5; Web Cryptography API section 23). A private key is its 32 bytes,
//! a public one the 65 bytes of its uncompressed point, a signature `r` and `s` of 32 bytes each.

use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use p256::{PublicKey, SecretKey};
use ring::digest::digest;

use super::{Hash, data_error, fill_random, operation_error};
use crate::executor::host::value::{Args, HostError, Value};
use crate::executor::host::{Answer, Host};

/// Draws of 32 bytes until one is a key. All but one in 2^32 are.
const DRAWS_MAX: usize = 8;

/// `ecdsaGenerate()`: a new private key.
pub(super) fn generate(_: &mut Host, _: Args<'_>) -> Answer {
    for _ in 0..DRAWS_MAX {
        let mut bytes = [0; 32];
        fill_random(&mut bytes)?;
        if SecretKey::from_slice(&bytes).is_ok() {
            return Ok(bytes.to_vec().into());
        }
    }
    Err(operation_error("the system's random numbers are not random"))
}

/// `ecdsaSign(hash, private, data)`, with the nonce of RFC 6979.
pub(super) fn sign(_: &mut Host, args: Args<'_>) -> Answer {
    let hashed = digest(Hash::argument(args, 0)?.digest(), &args.bytes(2)?);
    let key = SigningKey::from(private(args, 1)?);
    let signature: Signature = key
        .sign_prehash(hashed.as_ref())
        .map_err(|_| operation_error("the key cannot sign this hash"))?;
    Ok(signature.to_bytes().to_vec().into())
}

/// `ecdsaVerify(hash, public, signature, data)`: whether it fits.
pub(super) fn verify(_: &mut Host, args: Args<'_>) -> Answer {
    let hashed = digest(Hash::argument(args, 0)?.digest(), &args.bytes(3)?);
    let key = VerifyingKey::from(public(args, 1)?);
    let fits = Signature::from_slice(&args.bytes(2)?)
        .is_ok_and(|signature| key.verify_prehash(hashed.as_ref(), &signature).is_ok());
    Ok(fits.into())
}

/// `ecdsaPublicFromPrivate(private)`: its public key.
pub(super) fn public_from_private(_: &mut Host, args: Args<'_>) -> Answer {
    Ok(point(&private(args, 0)?.public_key()))
}

/// `ecdsaPublicFromRaw(bytes)`: the same point uncompressed, if it is one of the curve.
pub(super) fn public_from_raw(_: &mut Host, args: Args<'_>) -> Answer {
    Ok(point(&public(args, 0)?))
}

/// `ecdsaPrivateFromPkcs8(der)` (RFC 5208 and RFC 5915).
pub(super) fn private_from_pkcs8(_: &mut Host, args: Args<'_>) -> Answer {
    let key = SecretKey::from_pkcs8_der(&args.bytes(0)?)
        .map_err(|_| data_error("this is no private key of P-256 in PKCS #8"))?;
    Ok(key.to_bytes().to_vec().into())
}

/// `ecdsaPrivateToPkcs8(private)`; the public key is in it too.
pub(super) fn private_to_pkcs8(_: &mut Host, args: Args<'_>) -> Answer {
    let der = private(args, 0)?
        .to_pkcs8_der()
        .map_err(|_| operation_error("the key cannot be written as PKCS #8"))?;
    Ok(der.as_bytes().to_vec().into())
}

/// `ecdsaPublicFromSpki(der)` (RFC 5480).
pub(super) fn public_from_spki(_: &mut Host, args: Args<'_>) -> Answer {
    let key = PublicKey::from_public_key_der(&args.bytes(0)?)
        .map_err(|_| data_error("this is no public key of P-256 in SubjectPublicKeyInfo"))?;
    Ok(point(&key))
}

/// `ecdsaPublicToSpki(public)`
pub(super) fn public_to_spki(_: &mut Host, args: Args<'_>) -> Answer {
    let der = public(args, 0)?
        .to_public_key_der()
        .map_err(|_| operation_error("the key cannot be written as SubjectPublicKeyInfo"))?;
    Ok(der.as_bytes().to_vec().into())
}

fn point(key: &PublicKey) -> Value {
    key.to_sec1_point(false).as_bytes().to_vec().into()
}

fn private(args: Args<'_>, place: usize) -> Result<SecretKey, HostError> {
    let bytes = args.bytes(place)?;
    // A shorter one would be read as a number with leading zeros.
    let key = (bytes.len() == 32).then(|| SecretKey::from_slice(&bytes));
    key.and_then(Result::ok).ok_or_else(|| data_error("this is no private key of P-256"))
}

fn public(args: Args<'_>, place: usize) -> Result<PublicKey, HostError> {
    let bytes = args.bytes(place)?;
    // Uncompressed or compressed (SEC 1 section 2.3.3), and none of the rarer forms.
    let is_known = matches!((bytes.first(), bytes.len()), (Some(4), 65) | (Some(2 | 3), 33));
    let key = is_known.then(|| PublicKey::from_sec1_bytes(&bytes));
    key.and_then(Result::ok).ok_or_else(|| data_error("this is no point of P-256"))
}
