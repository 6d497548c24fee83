//! Removes what nobody needs any more, in steps too short to be noticed.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, Arbiter, AsyncContext, Context, Handler, Message, WrapFuture};

use super::removal::{AbandonUnfinished, PurgeApp, RemoveDoomed};
use crate::app_logs::ForgetOld;
use crate::audit::Forget;
use crate::contents::{ReturnPages, SweepContents};
use crate::killpoint;
use crate::limits::{Limits, LiveLimits};
use crate::mailbox::{Bound, Mailbox, MailboxError};
use crate::store::{Store, StoreError};
use crate::timestamp::Timestamp;

/// Wake-ups that wait; two say all that ten would.
const BOUND: Bound = Bound { messages: 2, payload_bytes: 0 };

/// How often it looks without being asked.
const ROUND: Duration = Duration::from_secs(60);

/// One day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Steps of one kind in one round; what is left waits for the next.
const STEPS_PER_ROUND: usize = 2_000;

/// What a step counts in the writer's bulk lane: more than the rows it deletes.
const STEP_BYTES: usize = 512 * 1024;

/// Deleted apps looked at in one round.
const PURGES_PER_ROUND: u32 = 100;

/// "There is something to remove."
#[derive(Message)]
#[rtype(result = "()")]
pub struct Wake;

/// The actor.
pub struct Janitor {
    store: Store,
    limits: LiveLimits,
    is_busy: bool,
}

impl Janitor {
    /// Starts the janitor. What an earlier process left unfinished is removed first: the
    /// deployer, which begins new work, starts after this has been queued.
    pub async fn start(store: &Store, limits: &LiveLimits) -> Result<Mailbox<Janitor>, StoreError> {
        let unfinished = store.writer.commit(AbandonUnfinished).await?;
        if unfinished > 0 {
            tracing::info!(unfinished, "removing releases that were never finished");
        }
        let janitor = Janitor { store: store.clone(), limits: limits.clone(), is_busy: false };
        let arbiter = Arbiter::new();
        let address = Janitor::start_in_arbiter(&arbiter.handle(), |ctx| {
            ctx.set_mailbox_capacity(BOUND.messages * 2);
            janitor
        });
        Ok(Mailbox::new(address, BOUND))
    }
}

impl Actor for Janitor {
    type Context = Context<Janitor>;

    fn started(&mut self, ctx: &mut Context<Janitor>) {
        ctx.notify(Wake);
        ctx.run_interval(ROUND, |_janitor, ctx| ctx.notify(Wake));
    }
}

impl Handler<Wake> for Janitor {
    type Result = ();

    fn handle(&mut self, _wake: Wake, ctx: &mut Context<Janitor>) {
        if self.is_busy {
            return;
        }
        self.is_busy = true;
        let round = clean(self.store.clone(), self.limits.now(), Timestamp::now());
        ctx.spawn(round.into_actor(self).map(|outcome, janitor, _ctx| {
            janitor.is_busy = false;
            match outcome {
                // The node stops; what is left is found again at the next start.
                Ok(()) | Err(StoreError::Mailbox(MailboxError::Closed)) => {}
                Err(error) => {
                    tracing::error!(error = %error, "cannot remove what is no longer needed");
                }
            }
        }));
    }
}

/// One round: expired apps, doomed releases, unused contents, old entries and lines, free pages.
pub async fn clean(store: Store, limits: Arc<Limits>, now: Timestamp) -> Result<(), StoreError> {
    let deleted_before = now.before(limits.deleted_app_kept_for);
    let expired: Vec<i64> = store
        .readers
        .read(move |c| {
            c.prepare_cached("SELECT id FROM apps WHERE deleted_at < ?1 LIMIT ?2")?
                .query_map((deleted_before, PURGES_PER_ROUND), |row| row.get(0))?
                .collect()
        })
        .await?;
    for app in expired {
        store.writer.commit_bulk(PurgeApp { app }, STEP_BYTES).await?;
    }
    for _ in 0..STEPS_PER_ROUND {
        if !store.writer.commit_bulk(RemoveDoomed { at: now }, STEP_BYTES).await? {
            break;
        }
        killpoint::reach("removal.step");
    }
    let unused_before = now.before(limits.unused_content_kept_for);
    for _ in 0..STEPS_PER_ROUND {
        if store.writer.commit_bulk(SweepContents { unused_before }, STEP_BYTES).await?.is_done() {
            break;
        }
    }
    let forgotten_before = now.before(DAY * limits.audit_days_kept);
    for _ in 0..STEPS_PER_ROUND {
        let forget = Forget { before: forgotten_before };
        if !store.writer.commit_bulk(forget, STEP_BYTES).await? {
            break;
        }
    }
    for _ in 0..STEPS_PER_ROUND {
        if !store.writer.commit_bulk(ForgetOld { at: now }, STEP_BYTES).await? {
            break;
        }
    }
    for _ in 0..STEPS_PER_ROUND {
        if !store.writer.commit_bulk(ReturnPages, STEP_BYTES).await? {
            break;
        }
    }
    Ok(())
}
