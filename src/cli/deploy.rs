//! `fazt deploy DIR`: a folder becomes an app's next release.
//!
//! Sends only what the node lacks: the folder's hashes are compared with the live release,
//! the node names the contents that it does not have, and those alone travel. Nothing is
//! visible before the commit. When somebody else deploys the app meanwhile, the comparison
//! starts over, once.

use std::{
    cell::Cell,
    fmt,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use fazt_actors::outbound::{OutboundError, Retries};
use futures_util::{StreamExt, TryStreamExt, future, stream};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use self::{
    frames::FrameReader,
    plan::{Blob, LocalEntry},
};
use super::{
    folder::LocalFile,
    format,
    node_client::{NodeClient, Refusal, Stranger, any::OriginalDeploy},
    output,
    target::{Target, parse_path, with_node},
};
use crate::http::model::{CommitRequest, DeployResult, ReleaseFile, UploadRequest};

mod frames;
mod original;
mod plan;
mod scan;

/// Requests with contents that are under way at the same time.
const UPLOADS_IN_FLIGHT: usize = 2;
/// How often the comparison starts over when the live release has moved.
const RESTARTS_MAX: usize = 1;
/// Bytes that are worth a progress bar.
const BAR_BYTES_MIN: u64 = 16 * 1024 * 1024;
/// How often the bar is drawn.
const BAR_INTERVAL: Duration = Duration::from_millis(100);
/// How long the node may take to forget an upload that has failed.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(5);

/// `fazt deploy`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  fazt deploy ./site                          the app is called `site`
  fazt deploy dist --name blog                to the default peer
  fazt deploy dist --name blog --to https://example.org
  FAZT_TOKEN=… fazt deploy dist --to https://example.org --json")]
pub struct DeployArgs {
    /// The folder
    #[arg(required_unless_present = "path", value_parser = parse_path)]
    pub dir: Option<PathBuf>,
    /// The folder, as the original spelled it
    #[arg(long, hide = true, value_name = "DIR", conflicts_with = "dir")]
    #[arg(value_parser = parse_path)]
    pub path: Option<PathBuf>,
    /// Name of the app [default: the manifest's, else the folder's]
    #[arg(long, alias = "domain")]
    pub name: Option<String>,
    /// The node to deploy to.
    #[command(flatten)]
    pub target: Target,
    /// Take files of earlier releases off the air at once
    #[arg(long)]
    pub purge: bool,
    /// Print the API's data
    #[arg(long)]
    pub json: bool,
}

/// Deploys the folder, and prints what became live.
///
/// # Errors
/// The folder cannot be read or deployed, or the node cannot be reached or refuses.
pub async fn run(args: DeployArgs) -> anyhow::Result<()> {
    let started = Instant::now();
    let dir = args.dir.or(args.path).context("which folder? `fazt deploy DIR`")?;
    // A folder that cannot be deployed is told before a node that cannot be reached.
    let site = blocking(move || scan::read(&dir, args.name.as_deref())).await?;
    for note in &site.notes {
        output::note(&format!("note: {note}"));
    }
    let (done, sent_bytes) = with_node(&args.target, async |node| {
        let name = &site.name;
        let done = Deploy { node, name, purge: args.purge }
            .run(site.files)
            .await
            .with_context(|| format!("cannot deploy {name:?} to {}", node.shown()))?;
        Ok((done, node.sent_bytes()))
    })
    .await?;
    let took = started.elapsed();
    match &done {
        Deployed::Release(result) if args.json => output::json(result),
        Deployed::Release(result) => output::line(&summary(result, sent_bytes, took)),
        Deployed::Original(result, _) if args.json => output::json(result),
        Deployed::Original(result, url) => {
            output::line(&original::summary(result, url.as_deref(), sent_bytes, took))
        }
    }
}

/// What came of a deploy.
#[derive(Debug)]
enum Deployed {
    /// A release is live.
    Release(DeployResult),
    /// A node of the original took the folder; where it probably answers.
    Original(OriginalDeploy, Option<String>),
}

fn summary(result: &DeployResult, sent_bytes: u64, took: Duration) -> String {
    format!(
        "{}\nDeployed {} v{}: {}, {}; sent {} in {:.2} s.",
        result.url,
        result.site,
        result.release,
        format::count(result.file_count, "file"),
        format::size(result.size_bytes),
        format::size(sent_bytes),
        took.as_secs_f64(),
    )
}

/// Does what blocks on a thread for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("reading the folder was interrupted")?
}

struct Deploy<'a> {
    node: &'a NodeClient,
    name: &'a str,
    purge: bool,
}

impl Deploy<'_> {
    async fn run(&self, files: Vec<LocalFile>) -> anyhow::Result<Deployed> {
        // The node needs no hashes to say what is live: both take their time at once.
        let hashing = blocking(move || scan::hash(files));
        let (entries, live) = future::join(hashing, self.live_release()).await;
        let entries = entries?;
        let done = match live {
            Ok(live) => self.release(&entries, live).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(result) => Ok(Deployed::Release(result)),
            Err(error) if Stranger::of(&error).is_some() => {
                original::deploy_instead(self.node, self.name, entries, error).await
            }
            Err(error) => Err(error),
        }
    }

    async fn release(
        &self,
        entries: &[LocalEntry],
        mut live: Live,
    ) -> anyhow::Result<DeployResult> {
        for _ in 0..RESTARTS_MAX {
            match self.attempt(entries, &live).await {
                Err(error) if is_moved(&error) => live = self.live_release().await?,
                done => return done,
            }
        }
        let done = self.attempt(entries, &live).await;
        match done {
            Err(error) if is_moved(&error) => {
                Err(error.context("others deploy this app right now; try again in a moment"))
            }
            done => done,
        }
    }

    /// What visitors see now. The files are asked for by the release's number, since `live`
    /// may mean another release a moment later.
    async fn live_release(&self) -> anyhow::Result<Live> {
        let app = match self.node.app(self.name).await {
            Err(error) if Refusal::is_not_found(&error) => return Ok(Live::default()),
            answer => answer?,
        };
        let Some(number) = app.live_release else { return Ok(Live::default()) };
        match self.node.files(self.name, Some(number)).await {
            // Deleted or replaced between the two questions: the node will refuse an upload
            // that claims there is no release, and the comparison starts over.
            Err(error) if Refusal::is_not_found(&error) => Ok(Live::default()),
            files => Ok(Live { base: Some(number), files: files? }),
        }
    }

    async fn attempt(&self, entries: &[LocalEntry], live: &Live) -> anyhow::Result<DeployResult> {
        let difference = plan::difference(live.base, entries, &live.files);
        let upload = self.node.create_upload(self.name, &difference).await?;
        let done = self.fill(entries, &difference, &upload.upload, &upload.missing).await;
        if done.is_err() {
            // The node forgets it by itself in a while; asking is a courtesy that may fail.
            let asking = self.node.abandon_upload(self.name, &upload.upload);
            let _ = tokio::time::timeout(ABANDON_TIMEOUT, asking).await;
        }
        done
    }

    /// Sends the missing contents and makes the release live.
    async fn fill(
        &self,
        entries: &[LocalEntry],
        difference: &UploadRequest,
        upload: &str,
        missing: &[String],
    ) -> anyhow::Result<DeployResult> {
        let blobs = plan::blobs(entries, difference, missing)?;
        let bar = bytes_bar("Sending", blobs.iter().map(|blob| blob.size).sum());
        let sending = stream::iter(plan::batches(blobs))
            .map(|batch| self.send(upload, batch, bar.clone()))
            .buffer_unordered(UPLOADS_IN_FLIGHT)
            .try_collect::<()>();
        sending.await?;
        bar.finish_and_clear();
        let commit = CommitRequest { purge: self.purge };
        self.node.commit_upload(self.name, upload, commit).await
    }

    /// Sends contents. They are stored under their hashes, so a batch whose connection broke
    /// can be sent again.
    async fn send(&self, upload: &str, batch: Vec<Blob>, bar: ProgressBar) -> anyhow::Result<()> {
        let mut retries = Retries::default();
        loop {
            let sent = Rc::new(Cell::new(0));
            let Err(error) = self.send_once(upload, batch.clone(), &bar, &sent).await else {
                return Ok(());
            };
            let cause = error.downcast_ref::<OutboundError>();
            let is_repeated = match cause {
                Some(cause) => retries.again(cause).await,
                None => false,
            };
            if !is_repeated {
                return Err(error);
            }
            bar.dec(sent.get());
        }
    }

    async fn send_once(
        &self,
        upload: &str,
        batch: Vec<Blob>,
        bar: &ProgressBar,
        sent: &Rc<Cell<u64>>,
    ) -> anyhow::Result<()> {
        let expected = batch.len() as u64;
        let length = batch.iter().map(Blob::frame_bytes).sum();
        let (bar, sent) = (bar.clone(), Rc::clone(sent));
        let progress = move |more| {
            sent.set(sent.get() + more);
            bar.inc(more);
            if bar.length().is_some_and(|all| bar.position() >= all) {
                bar.set_message("Storing");
            }
        };
        let frames = frames::stream(FrameReader::new(batch), Rc::new(progress));
        let answer = self.node.put_blobs(self.name, upload, length, frames).await?;
        anyhow::ensure!(
            answer.received == expected,
            "the node took {} of {expected} contents",
            answer.received
        );
        Ok(())
    }
}

/// The live release, as far as a deploy is compared with it.
#[derive(Debug, Default)]
struct Live {
    base: Option<u64>,
    files: Vec<ReleaseFile>,
}

fn is_moved(error: &anyhow::Error) -> bool {
    Refusal::of(error).is_some_and(|refusal| refusal.code == "RELEASE_MOVED")
}

/// A bar that counts bytes on the terminal behind stderr, and nothing anywhere else, nor for
/// what is done before anybody has read it.
fn bytes_bar(what: &'static str, total: u64) -> ProgressBar {
    if total < BAR_BYTES_MIN {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {done} of {all}, {speed}/s");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    // Sizes in the units of everything else that is printed.
    let style = style
        .with_key("done", |bar: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = out.write_str(&format::size(bar.pos()));
        })
        .with_key("all", |bar: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = out.write_str(&format::size(bar.len().unwrap_or_default()));
        })
        .with_key("speed", |bar: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = out.write_str(&format::size(bar.per_sec() as u64));
        });
    let bar = ProgressBar::new(total).with_style(style.progress_chars("=> ")).with_message(what);
    // Without it the last bytes are never drawn while the node stores them.
    bar.enable_steady_tick(BAR_INTERVAL);
    bar
}

#[cfg(test)]
mod tests;
