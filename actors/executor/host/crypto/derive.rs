//! Keys out of secrets: HKDF (RFC 5869) and PBKDF2 (RFC 8018 section 5.2).

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};

use ring::{hkdf as ring_hkdf, pbkdf2 as ring_pbkdf2};
use tokio::sync::Semaphore;

use super::{Hash, operation_error};
use crate::executor::host::value::{Args, HostError, Value};
use crate::executor::host::{Answer, Host, Pending};

/// Iterations of one PBKDF2: a second or so of one core.
const PBKDF2_ITERATIONS_MAX: u32 = 1_000_000;

/// Iterations times blocks of output, of which each costs all iterations.
const PBKDF2_ROUNDS_MAX: u64 = 4_000_000;

/// How many PBKDF2 of the whole process run at once, so that they leave cores for everything
/// else; the others wait.
static PBKDF2_SLOTS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new((cores / 2).max(1)))
});

/// How many bytes HKDF is to fill.
struct Length(usize);

impl ring_hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// `hkdf(hash, secret, salt, info, bytes)`: at most 255 times the hash's length.
pub(super) fn hkdf(_: &mut Host, args: Args<'_>) -> Answer {
    let algorithm = Hash::argument(args, 0)?.hkdf();
    let (secret, salt, info) = (args.bytes(1)?, args.bytes(2)?, args.bytes(3)?);
    let mut bytes = vec![0; args.integer(4)?.min(u32::from(u16::MAX)) as usize];
    if bytes.len() != args.integer(4)? as usize {
        return Err(too_long());
    }
    let key = ring_hkdf::Salt::new(algorithm, &salt).extract(&secret);
    key.expand(&[&info], Length(bytes.len()))
        .and_then(|expanded| expanded.fill(&mut bytes))
        .map_err(|_| too_long())?;
    Ok(bytes.into())
}

fn too_long() -> HostError {
    operation_error("HKDF gives at most 255 times as many bytes as its hash has")
}

/// `pbkdf2(hash, password, salt, iterations, bytes)`, on a thread for blocking work. Fails with
/// an `OperationError` above [`PBKDF2_ITERATIONS_MAX`].
pub(super) fn pbkdf2(_: &mut Host, args: Args<'_>) -> Result<Pending, HostError> {
    let hash = Hash::argument(args, 0)?;
    let (password, salt) = (args.bytes(1)?, args.bytes(2)?);
    let (iterations, length) = (args.integer(3)?, args.integer(4)?);
    let Some(checked) = NonZeroU32::new(iterations) else {
        return Err(operation_error("PBKDF2 needs at least one iteration"));
    };
    if iterations > PBKDF2_ITERATIONS_MAX {
        let message = format!("PBKDF2 takes at most {PBKDF2_ITERATIONS_MAX} iterations here");
        return Err(operation_error(&message));
    }
    let blocks = u64::from(length).div_ceil(hash.digest().output_len() as u64);
    if u64::from(iterations) * blocks > PBKDF2_ROUNDS_MAX {
        let message = format!(
            "PBKDF2 takes at most {PBKDF2_ROUNDS_MAX} iterations here, counted once for each \
             {} bytes that are derived",
            hash.digest().output_len(),
        );
        return Err(operation_error(&message));
    }
    Ok(Box::pin(async move {
        let slot = Arc::clone(&PBKDF2_SLOTS).acquire_owned().await;
        let slot = slot.map_err(|_| operation_error("the node is stopping"))?;
        let work = tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; length as usize];
            ring_pbkdf2::derive(hash.pbkdf2(), checked, &salt, &password, &mut bytes);
            // The work goes on when nobody waits any more, so the slot belongs to the work.
            drop(slot);
            bytes
        });
        let bytes = work.await.map_err(|_| operation_error("PBKDF2 failed"))?;
        Ok(Value::from(bytes))
    }))
}
