//! Follows the folder: each change becomes a release, or a problem that is told.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fazt_actors::name::AppName;

use super::node::DevNode;
use super::problem::problem;
use super::report::Report;
use super::scan::Found;
use super::site::{Outcome, Site, SiteError};
use super::watch::{POLL_INTERVAL, Watch};
use crate::http::{Live, Problem};

/// How soon a folder that seems to be in the middle of a change is looked at again.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// How long it is looked at that often, and not as one that tells of nothing.
const RETRY_FOR: Duration = Duration::from_secs(1);

/// How often the folder is read again because new folders turned up meanwhile.
const READS_MAX: usize = 8;

/// One run of `fazt dev`.
pub(super) struct Session {
    site: Site,
    dir: PathBuf,
    watch: Watch,
    live: Arc<Live>,
    report: Report,
    /// What was told last and is not mended.
    problem: Option<Problem>,
    /// Since when the folder is in the middle of a change.
    in_between_since: Option<Instant>,
    /// Whether the last reading has failed, so that some folders may not be watched.
    has_unwatched: bool,
    /// Notes that were told.
    notes: Vec<String>,
}

impl Session {
    /// Nothing is deployed yet.
    pub(super) fn new(
        node: &DevNode,
        app: AppName,
        dir: PathBuf,
        watch: Watch,
        report: Report,
    ) -> Session {
        Session {
            site: Site::new(Arc::clone(&node.node), app, dir.clone(), node.folder()),
            dir,
            watch,
            live: Arc::clone(&node.live),
            report: report.with_clock(Arc::clone(&node.node)),
            problem: None,
            in_between_since: None,
            has_unwatched: false,
            notes: Vec::new(),
        }
    }

    /// Deploys the folder for the first time.
    ///
    /// # Errors
    /// Only that nobody reads what is printed.
    pub(super) async fn begin(&mut self) -> anyhow::Result<()> {
        self.look(Instant::now()).await
    }

    /// Deploys each change, for ever.
    ///
    /// # Errors
    /// Only that nobody reads what is printed.
    pub(super) async fn follow(mut self) -> anyhow::Result<()> {
        loop {
            let since = self.watch.changed(self.pause()).await;
            self.look(since).await?;
        }
    }

    /// How long to wait for an event at most: a folder that is gone tells nothing, nor does one
    /// that the walk has not come to.
    fn pause(&self) -> Option<Duration> {
        match self.in_between_since {
            Some(since) if since.elapsed() < RETRY_FOR => Some(RETRY_INTERVAL),
            Some(_) => Some(POLL_INTERVAL),
            None => self.has_unwatched.then_some(POLL_INTERVAL),
        }
    }

    async fn look(&mut self, since: Instant) -> anyhow::Result<()> {
        let found = self.read().await;
        self.has_unwatched = found.is_err();
        let shown = match found {
            Ok(found) => {
                self.tell_notes(&found);
                self.site.show(&found).await
            }
            Err(error) => Err(error),
        };
        match shown {
            Ok(outcome) => {
                self.in_between_since = None;
                self.tell(outcome, since).await
            }
            Err(error) => {
                if let Some(patience) = error.patience(self.site.is_live()) {
                    let began = *self.in_between_since.get_or_insert_with(Instant::now);
                    if began.elapsed() < patience {
                        return Ok(());
                    }
                } else {
                    self.in_between_since = None;
                }
                self.fail(problem(&error, &self.dir)).await
            }
        }
    }

    /// Reads the folder once all of it is watched, so that no later change goes unseen.
    async fn read(&mut self) -> Result<Found, SiteError> {
        let mut found = self.site.read().await?;
        for _ in 1..READS_MAX {
            match self.watch.follow(&found.folders) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => self.report.note(&format!(
                    "warning: the system cannot watch all folders ({error}); \
                     looking for changes twice a second"
                )),
            }
            found = self.site.read().await?;
        }
        Ok(found)
    }

    async fn tell(&mut self, outcome: Outcome, since: Instant) -> anyhow::Result<()> {
        match outcome {
            Outcome::StillRefused => Ok(()),
            Outcome::Same if self.problem.take().is_some() => {
                self.live.recovered();
                self.report.recovered().await
            }
            Outcome::Same => Ok(()),
            Outcome::Deployed(deployed) => {
                self.problem = None;
                self.live.deployed(deployed.activated.number, deployed.is_only_styles());
                self.report.deployed(&deployed, since.elapsed()).await
            }
        }
    }

    async fn fail(&mut self, problem: Problem) -> anyhow::Result<()> {
        if self.problem.as_ref() == Some(&problem) {
            return Ok(());
        }
        self.live.failed(&problem);
        let told = self.report.failed(&problem).await;
        self.problem = Some(problem);
        told
    }

    /// Each note once, until it is true no more.
    fn tell_notes(&mut self, found: &Found) {
        for note in found.notes.iter().filter(|note| !self.notes.contains(note)) {
            self.report.note(&format!("note: {note}"));
        }
        self.notes.clone_from(&found.notes);
    }
}
