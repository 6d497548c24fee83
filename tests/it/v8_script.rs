//! `scripts/v8.sh` finds V8's archive, in the promised order, and refuses one that does not fit.
//!
//! The archives here are small files that hold what the script looks for; that a real one
//! links and runs is what `make v8-check` proves.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::process::{Machine, Ran};

/// The target that all of these tests build for.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The file that this target needs.
const NAME: &str = "librusty_v8_simdutf_release_x86_64-unknown-linux-gnu.a.gz";

/// The version of the crate in the checkout of these tests.
const CRATE: &str = "999.3.0";

/// An address of this machine that refuses every connection.
const NOBODY: &str = "http://127.0.0.1:1/mirror";

/// A checkout with the script, and nothing of V8 beside it.
struct Checkout {
    machine: Machine,
    mirror: String,
    variables: Vec<(&'static str, String)>,
}

impl Checkout {
    fn new() -> Checkout {
        let machine = Machine::new();
        let scripts = machine.path("checkout/scripts");
        fs::create_dir_all(&scripts).unwrap();
        fs::write(scripts.join("v8.sh"), include_str!("../../scripts/v8.sh")).unwrap();
        let lock = format!("[[package]]\nname = \"v8\"\nversion = \"{CRATE}\"\n");
        fs::write(machine.path("checkout/Cargo.lock"), lock).unwrap();
        Checkout { machine, mirror: NOBODY.to_owned(), variables: Vec::new() }
    }

    /// As if cargo had unpacked the crate: its bindings name one exact V8.
    fn unpack_crate(&self) {
        let folder = format!("cargo/registry/src/index/v8-{CRATE}/gen");
        let binding = format!("src_binding_simdutf_release_{TARGET}.rs");
        let text = "pub const v8__VERSION_STRING: &CStr = c\"99.9.245.2-rusty\";\n";
        self.write(&format!("../{folder}/{binding}"), text.as_bytes());
    }

    /// Writes a file, its path as seen from the checkout.
    fn write(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let file = match path.strip_prefix("../") {
            Some(beside) => self.machine.path(beside),
            None => self.machine.path("checkout").join(path),
        };
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes).unwrap();
        file
    }

    /// The name that cargo's cache has for a download.
    fn cached(&self) -> String {
        let url = format!("{}/v{CRATE}/{NAME}", self.mirror);
        let name: String =
            url.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        format!("../cargo/.rusty_v8/{name}")
    }

    /// Runs `v8.sh choose`.
    fn choose(&self) -> Ran {
        let script = self.machine.path("checkout/scripts/v8.sh");
        let mut command =
            self.machine.isolated("sh", &[script.to_str().unwrap(), "choose", "target/v8/engine"]);
        self.machine.finish(self.surround(&mut command))
    }

    fn surround<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("CARGO_HOME", self.machine.path("cargo"))
            .env("CARGO_BUILD_TARGET", TARGET)
            .env("RUSTY_V8_MIRROR", &self.mirror)
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
    }

    /// What the chosen variables are for a shell that reads them: features, archive.
    fn chosen(&self) -> String {
        let file = self.machine.path("checkout/target/v8/engine");
        let words = r#". "$0" && printf '%s|%s' "$FAZT_FEATURES" "${RUSTY_V8_ARCHIVE:-}""#;
        let mut command = self.machine.isolated("sh", &["-c", words, file.to_str().unwrap()]);
        self.machine.finish(&mut command).stdout
    }

    #[track_caller]
    fn expect_line(&self, line: &str) {
        let ran = self.choose();
        assert!(ran.status.success(), "{}", ran.stderr);
        assert_eq!(ran.stdout.trim_end(), line);
        assert_eq!(ran.stdout.lines().count(), 1, "one line");
    }

    #[track_caller]
    fn expect_archive(&self, shown: &str, file: &str) {
        self.expect_line(&format!("functions: V8 {CRATE} (archive {shown})"));
        // The folder of a temporary file may be reached through a link.
        let file = fs::canonicalize(file).unwrap();
        assert_eq!(self.chosen(), format!("--features v8|{}", file.display()));
    }

    /// The archive in `vendor/v8/` is refused for this reason.
    #[track_caller]
    fn expect_refusal(&self, reason: &str) {
        let ran = self.choose();
        assert_eq!(ran.status.code(), Some(1), "{}", ran.stdout);
        for part in [reason, NAME, CRATE, "V8 99.9", "vendor/v8/, ../shared/v8/", "V8=none"] {
            assert!(ran.stderr.contains(part), "no {part} in: {}", ran.stderr);
        }
        assert!(ran.stderr.lines().count() < 8, "short: {}", ran.stderr);
    }

    fn vendor(&self, bytes: &[u8]) -> PathBuf {
        self.write(&format!("vendor/v8/{NAME}"), bytes)
    }
}

/// What is searched for in an archive.
fn marks(version: &str) -> Vec<u8> {
    let mut content = b"!<arch>\n".to_vec();
    content.extend((0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()));
    content.extend_from_slice(format!("\0{version}-rusty\0simdutf__utf8_length\0").as_bytes());
    content
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn fitting() -> Vec<u8> {
    gzip(&marks("99.9.245.2"))
}

#[test]
fn places_are_looked_at_in_order() {
    let mut checkout = Checkout::new();
    checkout.unpack_crate();
    let shared = checkout.write(&format!("../shared/v8/{NAME}"), &fitting());
    checkout.expect_archive(&format!("../shared/v8/{NAME}"), shared.to_str().unwrap());

    let vendored = checkout.vendor(&fitting());
    checkout.expect_archive(&format!("vendor/v8/{NAME}"), vendored.to_str().unwrap());

    let cached = checkout.write(&checkout.cached(), &fitting());
    let cached = cached.to_str().unwrap();
    checkout.expect_archive(cached, cached);

    let own = checkout.write("../it's mine/my archive.a", &marks("99.9.245.2"));
    let own = own.to_str().unwrap();
    checkout.variables.push(("RUSTY_V8_ARCHIVE", own.to_owned()));
    checkout.expect_archive(own, own);

    checkout.variables.push(("V8", "none".to_owned()));
    checkout.expect_line("functions: none, as V8=none asks");
    assert!(checkout.chosen().starts_with('|'), "no features");
}

#[test]
fn without_an_archive_there_are_no_functions() {
    let checkout = Checkout::new();
    checkout.unpack_crate();
    checkout.expect_line("functions: none, since V8's archive was not found; see CONTRIBUTING.md");
    assert_eq!(checkout.chosen(), "|");
}

/// Answers one request with this status, and says what was asked.
fn answer_once(status: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mirror = format!("http://{}/mirror", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 1024];
        let length = stream.read(&mut asked).unwrap();
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 9\r\nConnection: close\r\n\r\n")
            .unwrap();
        String::from_utf8_lossy(&asked[..length]).lines().next().unwrap().to_owned()
    });
    (mirror, answering)
}

#[test]
fn the_origin_is_asked_last() {
    let mut checkout = Checkout::new();
    for (status, line) in [
        ("200 OK", "functions: V8 999.3.0 (the build downloads its archive)"),
        ("404 No", "functions: none, since V8's archive was not found; see CONTRIBUTING.md"),
    ] {
        let (mirror, answering) = answer_once(status);
        checkout.mirror = mirror;
        checkout.expect_line(line);
        let asked = answering.join().unwrap();
        assert_eq!(asked, format!("HEAD /mirror/v{CRATE}/{NAME} HTTP/1.1"));
    }
    assert_eq!(checkout.chosen(), "|");
}

#[test]
fn a_silent_origin_is_not_waited_for() {
    let mut checkout = Checkout::new();
    // The system accepts connections for it; nobody ever answers.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    checkout.mirror = format!("http://{}", listener.local_addr().unwrap());
    let started = Instant::now();
    checkout.expect_line("functions: none, since V8's archive was not found; see CONTRIBUTING.md");
    assert!(started.elapsed() < Duration::from_secs(20), "5 s, on a busy machine");
}

#[test]
fn an_archive_that_does_not_fit_is_refused() {
    let checkout = Checkout::new();
    checkout.unpack_crate();
    checkout.vendor(&gzip(&marks("99.9.245.1")));
    checkout.expect_refusal("holds V8 99.9.245.1");

    checkout.vendor(&gzip(b"!<arch>\n99.9.245.2-rusty\0"));
    checkout.expect_refusal("built without simdutf");

    let whole = fitting();
    checkout.vendor(&whole[..whole.len() - 1000]);
    checkout.expect_refusal("is damaged");

    let mut changed = whole;
    let middle = changed.len() / 2;
    changed[middle] ^= 0xff;
    checkout.vendor(&changed);
    checkout.expect_refusal("is damaged");

    checkout.vendor(b"");
    checkout.expect_refusal("is no archive of V8");
}

#[test]
fn before_the_crate_is_unpacked_its_number_decides() {
    let checkout = Checkout::new();
    checkout.vendor(&gzip(&marks("98.9.245.2")));
    checkout.expect_refusal("holds V8 98.9.245.2");
    checkout.vendor(&gzip(&marks("99.91.1.1")));
    checkout.expect_refusal("holds V8 99.91.1.1");
    let vendored = checkout.vendor(&gzip(&marks("99.9.1.1")));
    checkout.expect_archive(&format!("vendor/v8/{NAME}"), vendored.to_str().unwrap());
}

#[test]
fn a_named_archive_must_be_there_and_for_this_target() {
    let mut checkout = Checkout::new();
    checkout.unpack_crate();
    let missing = checkout.machine.path("nowhere.a").to_str().unwrap().to_owned();
    checkout.variables.push(("RUSTY_V8_ARCHIVE", missing.clone()));
    checkout.expect_refusal(&format!("there is no file {missing}"));

    let other = "librusty_v8_simdutf_release_aarch64-apple-darwin.a.gz";
    let other = checkout.write(&format!("../{other}"), &fitting());
    checkout.variables = vec![("RUSTY_V8_ARCHIVE", other.to_str().unwrap().to_owned())];
    checkout.expect_refusal("is for another target than x86_64-unknown-linux-gnu");
}

#[test]
fn an_archive_that_was_replaced_is_verified_again() {
    let checkout = Checkout::new();
    checkout.unpack_crate();
    let vendored = checkout.vendor(&fitting());
    let vendored = vendored.to_str().unwrap();
    checkout.expect_archive(&format!("vendor/v8/{NAME}"), vendored);
    checkout.vendor(&fitting()[..100_000]);
    checkout.expect_refusal("is damaged");
    checkout.vendor(&fitting());
    checkout.expect_archive(&format!("vendor/v8/{NAME}"), vendored);
}
