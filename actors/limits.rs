//! Every bound of the machine, with its name and its default, in one table.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::executor::limits::FunctionLimits;
use crate::outbound::guard::AllowedHosts;

/// One kibibyte in bytes.
const KIB: u64 = 1024;
/// One mebibyte in bytes.
const MIB: u64 = 1024 * KIB;

/// What one deploy may contain. Checked before anything of it becomes visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeployLimits {
    /// Bytes of an uploaded archive.
    pub archive_bytes_max: u64,
    /// Bytes of all files of a release together.
    pub unpacked_bytes_max: u64,
    /// Bytes of one file.
    pub file_bytes_max: u64,
    /// Files in a release.
    pub files_max: usize,
    /// Bytes of one path.
    pub path_bytes_max: usize,
    /// How many times larger than its compressed form an entry may be.
    pub ratio_max: u64,
    /// Entries that unpack to this many bytes or fewer are exempt from the ratio.
    pub ratio_exempt_bytes: u64,
    /// Rules in one `_headers` file.
    pub header_rules_max: usize,
    /// Rules in one `_redirects` file.
    pub redirect_rules_max: usize,
    /// Bytes of a `_headers`, `_redirects` or manifest file.
    pub config_file_bytes_max: u64,
}

impl Default for DeployLimits {
    fn default() -> DeployLimits {
        DeployLimits {
            archive_bytes_max: 100 * MIB,
            unpacked_bytes_max: 500 * MIB,
            file_bytes_max: 100 * MIB,
            files_max: 10_000,
            path_bytes_max: 512,
            ratio_max: 100,
            ratio_exempt_bytes: MIB,
            header_rules_max: 500,
            redirect_rules_max: 2_100,
            config_file_bytes_max: 512 * KIB,
        }
    }
}

/// Every bound of a node that an owner may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What one deploy may contain.
    pub deploy: DeployLimits,
    /// Bytes of file contents kept in memory.
    pub content_cache_bytes: u64,
    /// Bytes of release indexes kept in memory.
    pub index_cache_bytes: u64,
    /// Contents up to this size are cached; larger ones are streamed chunk by chunk.
    pub cached_content_bytes_max: u64,
    /// Deploys that run side by side.
    pub deploys_at_once: usize,
    /// Deploys that wait for their turn before the next is answered "busy".
    pub deploys_waiting: usize,
    /// Uploads not yet committed, for one app.
    pub uploads_per_app: usize,
    /// Bytes of one JSON request body.
    pub json_body_bytes_max: usize,
    /// Releases kept of an app, the live one included.
    pub releases_kept: usize,
    /// Releases before the live one whose files stay reachable however old they are.
    pub earlier_releases_reachable: usize,
    /// How long a replaced release's files stay reachable at least.
    pub earlier_release_reachable_for: Duration,
    /// How long an unused content, or an upload that nobody committed, is kept.
    pub unused_content_kept_for: Duration,
    /// How long a deleted app can be restored.
    pub deleted_app_kept_for: Duration,
    /// Whether the data is thrown away when the process ends: no change waits for the disk, and
    /// contents get no brotli, zstd and gzip forms.
    pub is_throwaway: bool,
    /// Days that the audit log goes back.
    pub audit_days_kept: u32,
    /// What functions may take.
    pub functions: FunctionLimits,
    /// Hosts that functions may fetch from although their addresses are not public.
    pub fetch_allowed_hosts: AllowedHosts,
    /// Bytes that the database file may grow to; `None`: until the disk is full.
    pub database_bytes_max: Option<u64>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            deploy: DeployLimits::default(),
            content_cache_bytes: 64 * MIB,
            index_cache_bytes: 32 * MIB,
            cached_content_bytes_max: 2 * MIB,
            deploys_at_once: 2,
            deploys_waiting: 16,
            uploads_per_app: 16,
            json_body_bytes_max: 8 * MIB as usize,
            releases_kept: 10,
            earlier_releases_reachable: 5,
            earlier_release_reachable_for: Duration::from_secs(10 * 60),
            unused_content_kept_for: Duration::from_secs(60 * 60),
            deleted_app_kept_for: Duration::from_secs(30 * 24 * 60 * 60),
            is_throwaway: false,
            audit_days_kept: 365,
            functions: FunctionLimits::default(),
            fetch_allowed_hosts: AllowedHosts::default(),
            database_bytes_max: None,
        }
    }
}

/// The limits in force, which an owner may change while the node runs: read without a
/// lock, replaced as a whole.
#[derive(Clone, Debug)]
pub struct LiveLimits(Arc<ArcSwap<Limits>>);

impl LiveLimits {
    /// Limits that hold until others replace them.
    pub fn new(limits: Limits) -> LiveLimits {
        LiveLimits(Arc::new(ArcSwap::from_pointee(limits)))
    }

    /// The limits as they are now. A piece of work asks once, so that one set judges all of it.
    pub fn now(&self) -> Arc<Limits> {
        self.0.load_full()
    }

    /// Puts others in their place.
    pub(crate) fn replace(&self, limits: Limits) {
        self.0.store(Arc::new(limits));
    }
}
