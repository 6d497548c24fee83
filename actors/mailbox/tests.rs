use std::sync::atomic::{AtomicUsize, Ordering};

use actix::{Context, ResponseFuture};
use tokio::sync::Semaphore;

use super::*;

const BOUND: Bound = Bound { messages: 4, payload_bytes: 4096 };

/// Answers once the gate lets it.
struct Clerk {
    gate: Arc<Semaphore>,
    handled: Arc<AtomicUsize>,
}

impl Actor for Clerk {
    type Context = Context<Clerk>;
}

#[derive(Message)]
#[rtype(result = "usize")]
struct Form(usize);

impl Handler<Form> for Clerk {
    type Result = ResponseFuture<usize>;

    fn handle(&mut self, form: Form, _ctx: &mut Context<Clerk>) -> Self::Result {
        let (gate, handled) = (Arc::clone(&self.gate), Arc::clone(&self.handled));
        Box::pin(async move {
            let _open = gate.acquire().await;
            handled.fetch_add(1, Ordering::SeqCst);
            form.0
        })
    }
}

fn with_clerk<F: Future<Output = ()>>(
    test: impl FnOnce(Mailbox<Clerk>, Arc<Semaphore>, Arc<AtomicUsize>) -> F,
) {
    actix::System::new().block_on(async {
        let (gate, handled) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let clerk = Clerk { gate: Arc::clone(&gate), handled: Arc::clone(&handled) };
        test(Mailbox::new(clerk.start(), BOUND), gate, handled).await;
    });
}

#[test]
fn the_message_above_the_bound_is_refused() {
    with_clerk(|mailbox, gate, _handled| async move {
        let asked: Vec<_> = (0..6).map(|n| mailbox.ask(Form(n))).collect();
        gate.add_permits(6);
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(answer.await);
        }
        let full = Err(MailboxError::Full);
        assert_eq!(answers, [Ok(0), Ok(1), Ok(2), Ok(3), full, full]);
        assert_eq!(mailbox.ask(Form(7)).await, Ok(7), "the room is given back");
    });
}

#[test]
fn a_message_is_handled_although_nobody_waits_for_it() {
    with_clerk(|mailbox, gate, handled| async move {
        drop(mailbox.ask(Form(1)));
        gate.add_permits(2);
        assert_eq!(mailbox.ask(Form(2)).await, Ok(2));
        assert_eq!(handled.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn payload_counts_too_and_a_huge_one_is_admitted_alone() {
    with_clerk(|mailbox, _gate, _handled| async move {
        let now = Duration::ZERO;
        let huge = mailbox.admit_patiently(1 << 30, now).await.unwrap();
        let refused = mailbox.admit_patiently(1024, now).await;
        assert!(matches!(refused, Err(MailboxError::Full)));
        drop(huge);
        assert!(mailbox.admit_patiently(1024, now).await.is_ok());
    });
}
