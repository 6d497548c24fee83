//! AES-GCM (NIST SP 800-38D) with every key, initialisation vector and tag that the Web
//! Cryptography API allows (section 29). Put together from a block cipher, its counter mode and
//! GHASH: the ready-made ones fix the length of the vector when they are compiled.

use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit, KeyIvInit, StreamCipher};
use aes::{Aes128, Aes192, Aes256};
use ctr::Ctr32BE;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;

use super::{data_error, operation_error};
use crate::executor::host::value::{Args, HostError};
use crate::executor::host::{Answer, Host};

/// Bytes of a block of AES, and of a whole tag.
const BLOCK_BYTES: usize = 16;

/// Tags of these lengths, in bits, are allowed (section 29.4.1).
const TAG_BITS: [u32; 7] = [32, 64, 96, 104, 112, 120, 128];

/// What both directions need beside the data.
struct Parameters<'a> {
    key: &'a [u8],
    iv: &'a [u8],
    additional: &'a [u8],
    tag_bytes: usize,
}

/// `aesGcmEncrypt(key, iv, additionalData, tagBits, plaintext)`: the ciphertext with its tag.
pub(super) fn encrypt(_: &mut Host, args: Args<'_>) -> Answer {
    let (key, iv, additional) = (args.bytes(0)?, args.bytes(1)?, args.bytes(2)?);
    let tag_bytes = tag_bytes(args)?;
    let parameters = Parameters { key: &key, iv: &iv, additional: &additional, tag_bytes };
    let plaintext = args.bytes(4)?;
    let sealed = match key.len() {
        16 => seal::<Aes128>(&parameters, &plaintext)?,
        24 => seal::<Aes192>(&parameters, &plaintext)?,
        _ => seal::<Aes256>(&parameters, &plaintext)?,
    };
    Ok(sealed.into())
}

/// `aesGcmDecrypt(key, iv, additionalData, tagBits, ciphertext)`: the plaintext, or an
/// `OperationError` if anything was changed.
pub(super) fn decrypt(_: &mut Host, args: Args<'_>) -> Answer {
    let (key, iv, additional) = (args.bytes(0)?, args.bytes(1)?, args.bytes(2)?);
    let tag_bytes = tag_bytes(args)?;
    let parameters = Parameters { key: &key, iv: &iv, additional: &additional, tag_bytes };
    let sealed = args.bytes(4)?;
    let opened = match key.len() {
        16 => open::<Aes128>(&parameters, &sealed)?,
        24 => open::<Aes192>(&parameters, &sealed)?,
        _ => open::<Aes256>(&parameters, &sealed)?,
    };
    Ok(opened.into())
}

fn tag_bytes(args: Args<'_>) -> Result<usize, HostError> {
    let bits = args.integer(3)?;
    if TAG_BITS.contains(&bits) {
        Ok(bits as usize / 8)
    } else {
        Err(operation_error("the tag must have 32, 64, 96, 104, 112, 120 or 128 bits"))
    }
}

/// The two streams of one message: the counter mode, and the hash that becomes the tag.
struct Gcm<C: BlockCipherEncrypt<BlockSize = U16>> {
    counter: Ctr32BE<C>,
    hash: GHash,
    /// The cipher of the first counter block, which hides the hash.
    mask: [u8; BLOCK_BYTES],
}

impl<C> Gcm<C>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit,
{
    fn new(parameters: &Parameters<'_>) -> Result<Gcm<C>, HostError> {
        let wrong_key = || data_error("the key must have 128, 192 or 256 bits");
        let cipher = C::new_from_slice(parameters.key).map_err(|_| wrong_key())?;
        let mut hash_key = ghash::Key::default();
        cipher.encrypt_block(&mut hash_key);
        let hash = GHash::new(&hash_key);
        let first = first_counter(&hash, parameters.iv)?;
        let mut counter =
            Ctr32BE::<C>::new_from_slices(parameters.key, &first).map_err(|_| wrong_key())?;
        let mut mask = [0; BLOCK_BYTES];
        counter.apply_keystream(&mut mask);
        Ok(Gcm { counter, hash, mask })
    }

    /// The whole tag of a ciphertext.
    fn tag(&self, additional: &[u8], ciphertext: &[u8]) -> [u8; BLOCK_BYTES] {
        let mut hash = self.hash.clone();
        hash.update_padded(additional);
        hash.update_padded(ciphertext);
        hash.update(&[lengths(additional.len(), ciphertext.len())]);
        let mut tag = self.mask;
        for (byte, hashed) in tag.iter_mut().zip(hash.finalize()) {
            *byte ^= hashed;
        }
        tag
    }
}

/// The counter block that a message begins with (SP 800-38D section 7.1, step 2).
fn first_counter(hash: &GHash, iv: &[u8]) -> Result<[u8; BLOCK_BYTES], HostError> {
    if iv.is_empty() {
        return Err(operation_error("the initialisation vector is empty"));
    }
    let mut block = [0; BLOCK_BYTES];
    if iv.len() == 12 {
        block[..12].copy_from_slice(iv);
        block[15] = 1;
    } else {
        let mut hash = hash.clone();
        hash.update_padded(iv);
        hash.update(&[lengths(0, iv.len())]);
        block.copy_from_slice(&hash.finalize());
    }
    Ok(block)
}

/// Two lengths in bits, each in 64 bits.
fn lengths(first: usize, second: usize) -> ghash::Block {
    let mut block = ghash::Block::default();
    block[..8].copy_from_slice(&(first as u64 * 8).to_be_bytes());
    block[8..].copy_from_slice(&(second as u64 * 8).to_be_bytes());
    block
}

fn seal<C>(parameters: &Parameters<'_>, plaintext: &[u8]) -> Result<Vec<u8>, HostError>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit,
{
    let mut gcm = Gcm::<C>::new(parameters)?;
    let mut sealed = Vec::with_capacity(plaintext.len() + parameters.tag_bytes);
    sealed.extend_from_slice(plaintext);
    gcm.counter.apply_keystream(&mut sealed);
    let tag = gcm.tag(parameters.additional, &sealed);
    sealed.extend_from_slice(&tag[..parameters.tag_bytes]);
    Ok(sealed)
}

fn open<C>(parameters: &Parameters<'_>, sealed: &[u8]) -> Result<Vec<u8>, HostError>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit,
{
    let Some(length) = sealed.len().checked_sub(parameters.tag_bytes) else {
        return Err(operation_error("the ciphertext is shorter than its tag"));
    };
    let (ciphertext, given) = sealed.split_at(length);
    let mut gcm = Gcm::<C>::new(parameters)?;
    let tag = gcm.tag(parameters.additional, ciphertext);
    if !bool::from(tag[..parameters.tag_bytes].ct_eq(given)) {
        return Err(operation_error("the ciphertext, its tag or the key is wrong"));
    }
    let mut plaintext = ciphertext.to_vec();
    gcm.counter.apply_keystream(&mut plaintext);
    Ok(plaintext)
}
