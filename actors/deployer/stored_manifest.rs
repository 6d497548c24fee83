//! A release's manifest as the database keeps it.

use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, ManifestFile};

/// What serving a release needs to know of its manifest, and the manifest itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredManifest {
    /// The file that it was read from.
    pub file: Option<String>,
    /// Whether paths without a file get `/index.html`.
    #[serde(default)]
    pub spa: bool,
    /// All of its keys, for what later versions of fazt do with them.
    #[serde(default)]
    pub manifest: serde_json::Value,
}

impl StoredManifest {
    /// What is stored of a manifest that was read from `file`.
    pub fn new(manifest: &Manifest, file: Option<ManifestFile>) -> StoredManifest {
        StoredManifest {
            file: file.map(|file| file.path().to_owned()),
            spa: manifest.spa,
            manifest: serde_json::to_value(manifest).unwrap_or_default(),
        }
    }

    /// The text in the database.
    pub fn to_json(&self) -> String {
        // A struct of strings, flags and JSON values always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the text back; keys of later versions are ignored.
    pub fn from_json(text: &str) -> StoredManifest {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Whether `manifest.json` is fazt's manifest, which is never served, and not a web app's.
    pub fn is_in_manifest_json(&self) -> bool {
        self.file.as_deref() == Some(ManifestFile::ManifestJson.path())
    }
}
