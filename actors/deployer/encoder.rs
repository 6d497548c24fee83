//! Makes the encoded variants of contents, once each, after their release is live.
//!
//! The work list is the database itself (releases not yet marked as encoded), so it
//! has no queue to bound and survives a restart. It runs on one thread of the lowest
//! priority: visitors come first.

use std::io::Write as _;

use actix::{Actor, ActorFutureExt, Arbiter, AsyncContext, Context, Handler, Message, WrapFuture};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::contents::{ContentId, PutVariant, read_whole};
use crate::encoding::Encoding;
use crate::killpoint;
use crate::mailbox::{Bound, Mailbox, MailboxError};
use crate::media::media_type;
use crate::priority;
use crate::router::{Refresh, Router};
use crate::store::{Store, StoreError, Write};

/// Wake-ups that wait; two say all that ten would.
const BOUND: Bound = Bound { messages: 2, payload_bytes: 0 };

/// Smaller contents gain nothing that a packet would show.
const ENCODED_BYTES_MIN: i64 = 256;

/// Larger contents stay as they are: they stream, and encoding them would take minutes.
const ENCODED_BYTES_MAX: i64 = 8 * 1024 * 1024;

/// Up to here brotli works as hard as it can; above, it would take seconds a file.
const BEST_BROTLI_BYTES_MAX: usize = 64 * 1024;

/// A variant must save at least one part in this many to be kept.
const SAVING_PARTS: usize = 20;

/// After this many contents the router learns what there is so far.
const CONTENTS_PER_REFRESH: usize = 256;

/// The strongest level of zstd that browsers are sure to have the memory for (8 MiB window).
const ZSTD_LEVEL: i32 = 19;

/// The nice value of the encoder's thread: the lowest priority there is.
const NICE: i32 = 19;

/// "There may be a release to encode."
#[derive(Message)]
#[rtype(result = "()")]
pub struct Wake;

/// The actor.
pub struct Encoder {
    store: Store,
    router: Mailbox<Router>,
    is_busy: bool,
}

impl Encoder {
    /// Starts the encoder on a thread of its own; it looks for work at once.
    pub fn start(store: &Store, router: &Mailbox<Router>) -> Mailbox<Encoder> {
        let encoder = Encoder { store: store.clone(), router: router.clone(), is_busy: false };
        let arbiter = Arbiter::new();
        let address = Encoder::start_in_arbiter(&arbiter.handle(), |ctx| {
            ctx.set_mailbox_capacity(BOUND.messages * 2);
            encoder
        });
        Mailbox::new(address, BOUND)
    }
}

impl Actor for Encoder {
    type Context = Context<Encoder>;

    fn started(&mut self, ctx: &mut Context<Encoder>) {
        priority::lower(NICE, "the encoder runs");
        ctx.notify(Wake);
    }
}

impl Handler<Wake> for Encoder {
    type Result = ();

    fn handle(&mut self, _wake: Wake, ctx: &mut Context<Encoder>) {
        if self.is_busy {
            return;
        }
        self.is_busy = true;
        let work = encode_some(self.store.clone(), self.router.clone()).into_actor(self);
        ctx.spawn(work.map(|outcome, encoder, ctx| {
            encoder.is_busy = false;
            match outcome {
                Ok(Progress::Idle) => {}
                Ok(Progress::More) => ctx.notify(Wake),
                // The node stops; what is left is found again at the next start.
                Err(StoreError::Mailbox(MailboxError::Closed)) => {}
                Err(error) => tracing::error!(error = %error, "cannot encode contents"),
            }
        }));
    }
}

enum Progress {
    Idle,
    More,
}

/// Encodes some contents of the newest release that is not marked as encoded.
async fn encode_some(store: Store, router: Mailbox<Router>) -> Result<Progress, StoreError> {
    let Some(job) = store.readers.read_blocking(next_job)? else { return Ok(Progress::Idle) };
    for id in job.contents {
        let identity = store.readers.read_blocking(|c| read_whole(c, id, Encoding::Identity))?;
        let variants = identity.as_ref().map(|bytes| variants_of(bytes)).unwrap_or_default();
        let put = PutVariant { id, variants };
        let bytes = put.bytes();
        store.writer.commit_bulk(put, bytes).await?;
        killpoint::reach("encode.stored");
    }
    if job.is_last {
        store.writer.commit_bulk(MarkEncoded { release: job.release }, 0).await?;
        killpoint::reach("encode.marked");
    }
    router.ask_patiently(Refresh { release: job.release }).await?;
    Ok(Progress::More)
}

struct Job {
    release: i64,
    contents: Vec<ContentId>,
    is_last: bool,
}

fn next_job(connection: &Connection) -> rusqlite::Result<Option<Job>> {
    let release: Option<i64> = connection
        .prepare_cached(
            "SELECT id FROM releases WHERE encoded = 0 AND state = 'ready'
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(release) = release else { return Ok(None) };
    let candidates: Vec<(String, i64)> = connection
        .prepare_cached(
            "SELECT path, content_id FROM release_files JOIN contents ON contents.id = content_id
             WHERE release_id = ?1 AND encodings IS NULL AND size_bytes BETWEEN ?2 AND ?3",
        )?
        .query_map((release, ENCODED_BYTES_MIN, ENCODED_BYTES_MAX), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut contents: Vec<ContentId> = candidates
        .into_iter()
        .filter(|(path, _)| media_type(path).compressible)
        .map(|(_, id)| ContentId(id))
        .collect();
    contents.sort_unstable();
    contents.dedup();
    let is_last = contents.len() <= CONTENTS_PER_REFRESH;
    contents.truncate(CONTENTS_PER_REFRESH);
    Ok(Some(Job { release, contents, is_last }))
}

/// The encoded forms that save enough to be worth their room.
fn variants_of(identity: &[u8]) -> Vec<(Encoding, Bytes)> {
    let kept_max = identity.len() - identity.len() / SAVING_PARTS;
    Encoding::COMPRESSED
        .into_iter()
        .filter_map(|encoding| {
            let encoded = encode(identity, encoding).ok()?;
            (encoded.len() <= kept_max).then(|| (encoding, encoded.into()))
        })
        .collect()
}

/// `bytes` in one encoding, as small as is reasonable for something done once.
fn encode(bytes: &[u8], encoding: Encoding) -> std::io::Result<Vec<u8>> {
    match encoding {
        Encoding::Identity => Ok(bytes.to_vec()),
        Encoding::Brotli => {
            let quality = if bytes.len() <= BEST_BROTLI_BYTES_MAX { 11 } else { 9 };
            let parameters = brotli::enc::BrotliEncoderParams {
                quality,
                size_hint: bytes.len(),
                ..brotli::enc::BrotliEncoderParams::default()
            };
            let mut encoded = Vec::new();
            brotli::BrotliCompress(&mut &bytes[..], &mut encoded, &parameters)?;
            Ok(encoded)
        }
        Encoding::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
        Encoding::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(bytes)?;
            encoder.finish()
        }
    }
}

/// Notes that nothing of a release is left to encode.
struct MarkEncoded {
    release: i64,
}

impl Write for MarkEncoded {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        tx.prepare_cached("UPDATE releases SET encoded = 1 WHERE id = ?1")?
            .execute([self.release])
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_kept_only_when_it_saves() {
        let text = b"the same words again and again, ".repeat(64);
        let kept: Vec<Encoding> = variants_of(&text).into_iter().map(|(e, _)| e).collect();
        assert_eq!(kept, Encoding::COMPRESSED);
        let noise: Vec<u8> =
            (0..2048_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let hash_chain: Vec<u8> = noise
            .chunks(32)
            .flat_map(|chunk| crate::content::ContentHash::of(chunk).as_bytes().to_vec())
            .collect();
        assert!(variants_of(&hash_chain).is_empty());
    }
}
