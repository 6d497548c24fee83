//! The name that a deployed folder gets.

use std::path::Path;

use fazt_actors::deployer::manifest::Manifest;
use fazt_actors::kind::{ErrorKind, Fault};
use fazt_actors::name::{AppName, NameError};

/// Decides the name: `--name`, else the manifest's, else the folder's.
///
/// A folder's name is made a label as people expect from other hosts: `My Site` becomes
/// `my-site`. It is never made `root` or `404`, so that `fazt deploy .` in `/root` does not
/// take over the main domain. A `--name` with dots is passed on in lower case: only the node
/// knows its domain, and drops it.
///
/// # Errors
/// A [`NameChoiceError`] that says what to do.
pub fn app_name(
    dir: &Path,
    flag: Option<&str>,
    manifest: &Manifest,
) -> Result<String, NameChoiceError> {
    if let Some(text) = flag {
        if text.contains('.') {
            return Ok(text.to_ascii_lowercase());
        }
        return AppName::parse(text, None).map(String::from).map_err(NameChoiceError::Flag);
    }
    if let Some(name) = &manifest.name {
        return Ok(name.to_string());
    }
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let Some(folder) = real.file_name() else { return Err(NameChoiceError::Nameless) };
    let folder = folder.to_string_lossy().into_owned();
    let Some(label) = label(&folder) else { return Err(NameChoiceError::NoLabel { folder }) };
    match AppName::parse(&label, None) {
        Ok(name) if name.is_system() => Err(NameChoiceError::System { folder }),
        Ok(name) => Ok(name.to_string()),
        Err(source) => Err(NameChoiceError::Folder { folder, source }),
    }
}

/// A folder's name as a label: letters folded, everything between letters and digits one `-`.
/// `None` if it has other letters than a-z, which nobody but its owner can spell otherwise.
fn label(folder: &str) -> Option<String> {
    const LABEL_BYTES_MAX: usize = 63;
    if !folder.is_ascii() {
        return None;
    }
    let words = folder.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut label = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    label.truncate(LABEL_BYTES_MAX);
    let label = label.trim_end_matches('-');
    if label.is_empty() { None } else { Some(label.to_owned()) }
}

/// Why a folder got no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameChoiceError {
    /// `--name` is no app name.
    #[error("--name cannot be used")]
    Flag(#[source] NameError),
    /// The folder's name breaks a rule of app names.
    #[error("the folder name `{folder}` cannot name an app; choose one with --name")]
    Folder {
        /// The folder's name.
        folder: String,
        /// The rule.
        source: NameError,
    },
    /// The folder's name has no letters and digits to make a label of.
    #[error(
        "the folder name `{folder}` cannot name an app; choose one of a-z, 0-9 and `-` with --name"
    )]
    NoLabel {
        /// The folder's name.
        folder: String,
    },
    /// The folder is called as an app that belongs to the node.
    #[error(
        "the folder is called `{folder}`, which would replace a page of the node; \
         if you mean that, say --name {folder}"
    )]
    System {
        /// The folder's name.
        folder: String,
    },
    /// It is the root of the file system.
    #[error("this folder has no name; choose one with --name")]
    Nameless,
}

impl Fault for NameChoiceError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "INVALID_APP_NAME"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(folder: &str) -> Result<String, NameChoiceError> {
        app_name(&Path::new("/nowhere").join(folder), None, &Manifest::default())
    }

    #[test]
    fn the_folder_names_the_app_last() {
        let named = Manifest { name: AppName::parse("blog", None).ok(), ..Manifest::default() };
        let dir = Path::new("/nowhere/My Site");
        assert_eq!(app_name(dir, Some("Shop"), &named).unwrap(), "shop");
        assert_eq!(app_name(dir, Some("Shop.Example.org"), &named).unwrap(), "shop.example.org");
        assert_eq!(app_name(dir, None, &named).unwrap(), "blog");
        assert_eq!(app_name(dir, None, &Manifest::default()).unwrap(), "my-site");
        assert!(matches!(app_name(dir, Some("a b"), &named), Err(NameChoiceError::Flag(_))));
        assert_eq!(app_name(dir, Some("root"), &named).unwrap(), "root");
    }

    #[test]
    fn a_folder_name_becomes_a_label() {
        fn check(folder: &str, expect: &str) {
            assert_eq!(named(folder).as_deref(), Ok(expect), "{folder}");
        }
        check("dist", "dist");
        check("My_Site (2)", "my-site-2");
        check("blog.example.org", "blog-example-org");
        check("--a--b--", "a-b");
        check(&format!("{}-x", "a".repeat(62)), &"a".repeat(62));
    }

    #[test]
    fn other_folders_need_a_name() {
        fn check(folder: &str, expect: &str) {
            assert_eq!(named(folder).unwrap_err().to_string(), expect);
        }
        let choose = "cannot name an app; choose one";
        check("api", &format!("the folder name `api` {choose} with --name"));
        check("___", &format!("the folder name `___` {choose} of a-z, 0-9 and `-` with --name"));
        check("été", &format!("the folder name `été` {choose} of a-z, 0-9 and `-` with --name"));
        check(
            "root",
            "the folder is called `root`, which would replace a page of the node; if you mean \
             that, say --name root",
        );
        let root = app_name(Path::new("/"), None, &Manifest::default());
        assert_eq!(root, Err(NameChoiceError::Nameless));
    }
}
