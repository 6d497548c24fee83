//! The table from extension to media type (names from the IANA registry, and what browsers
//! expect where they differ).

use super::MediaType;

/// Characters of the longest extension in the table.
const EXTENSION_BYTES_MAX: usize = 12;

/// Text that compresses well.
const fn text(name: &'static str) -> MediaType {
    MediaType { name, compressible: true, html: false }
}

/// A page.
const fn page(name: &'static str) -> MediaType {
    MediaType { name, compressible: true, html: true }
}

/// Bytes that are compressed already.
const fn packed(name: &'static str) -> MediaType {
    MediaType { name, compressible: false, html: false }
}

/// Bytes that still compress well.
const fn loose(name: &'static str) -> MediaType {
    MediaType { name, compressible: true, html: false }
}

/// The media type of a file name without folders; `None` if the table does not know it.
pub(super) fn find(file_name: &str) -> Option<&'static MediaType> {
    // RFC 8615 resources have fixed names; this one must be JSON and has no extension.
    if file_name == "apple-app-site-association" {
        return lookup(b"json");
    }
    let (_, extension) = file_name.rsplit_once('.')?;
    let mut folded = [0u8; EXTENSION_BYTES_MAX];
    let folded = folded.get_mut(..extension.len())?;
    folded.copy_from_slice(extension.as_bytes());
    folded.make_ascii_lowercase();
    lookup(folded)
}

/// Finds an extension in lower case.
fn lookup(extension: &[u8]) -> Option<&'static MediaType> {
    let found = TABLE.binary_search_by(|(known, _)| known.as_bytes().cmp(extension)).ok()?;
    TABLE.get(found).map(|(_, media)| media)
}

const PLAIN: MediaType = text("text/plain; charset=utf-8");
const SCRIPT: MediaType = text("text/javascript; charset=utf-8");
const JSON: MediaType = text("application/json; charset=utf-8");

/// Sorted by extension, which [`lookup`] relies on.
pub(super) static TABLE: &[(&str, MediaType)] = &[
    ("3gp", packed("video/3gpp")),
    ("7z", packed("application/x-7z-compressed")),
    ("aac", packed("audio/aac")),
    ("aif", loose("audio/aiff")),
    ("aiff", loose("audio/aiff")),
    ("apk", packed("application/vnd.android.package-archive")),
    ("apng", packed("image/apng")),
    ("appcache", text("text/cache-manifest; charset=utf-8")),
    ("asc", PLAIN),
    ("atom", text("application/atom+xml; charset=utf-8")),
    ("avi", packed("video/x-msvideo")),
    ("avif", packed("image/avif")),
    ("bib", PLAIN),
    ("bin", packed("application/octet-stream")),
    ("bmp", loose("image/bmp")),
    ("br", packed("application/octet-stream")),
    ("bz2", packed("application/x-bzip2")),
    ("cfg", PLAIN),
    ("cjs", SCRIPT),
    ("conf", PLAIN),
    ("css", text("text/css; charset=utf-8")),
    ("csv", text("text/csv; charset=utf-8")),
    ("cur", loose("image/vnd.microsoft.icon")),
    ("dae", loose("model/vnd.collada+xml")),
    ("deb", packed("application/vnd.debian.binary-package")),
    ("diff", PLAIN),
    ("dmg", packed("application/x-apple-diskimage")),
    ("doc", loose("application/msword")),
    ("docx", packed("application/vnd.openxmlformats-officedocument.wordprocessingml.document")),
    ("eot", loose("application/vnd.ms-fontobject")),
    ("eps", loose("application/postscript")),
    ("epub", packed("application/epub+zip")),
    ("exe", packed("application/vnd.microsoft.portable-executable")),
    ("fbx", loose("application/octet-stream")),
    ("flac", packed("audio/flac")),
    ("frag", PLAIN),
    ("geojson", text("application/geo+json; charset=utf-8")),
    ("gif", packed("image/gif")),
    ("glb", loose("model/gltf-binary")),
    ("glsl", PLAIN),
    ("gltf", loose("model/gltf+json")),
    ("gpx", text("application/gpx+xml; charset=utf-8")),
    ("gz", packed("application/gzip")),
    ("hdr", packed("image/vnd.radiance")),
    ("heic", packed("image/heic")),
    ("heif", packed("image/heif")),
    ("htc", text("text/x-component; charset=utf-8")),
    ("htm", page("text/html; charset=utf-8")),
    ("html", page("text/html; charset=utf-8")),
    ("ico", loose("image/vnd.microsoft.icon")),
    ("ics", text("text/calendar; charset=utf-8")),
    ("ini", PLAIN),
    ("jar", packed("application/java-archive")),
    ("jpe", packed("image/jpeg")),
    ("jpeg", packed("image/jpeg")),
    ("jpg", packed("image/jpeg")),
    ("js", SCRIPT),
    ("json", JSON),
    ("json5", text("application/json5; charset=utf-8")),
    ("jsonc", JSON),
    ("jsonl", text("application/jsonl; charset=utf-8")),
    ("jsonld", text("application/ld+json; charset=utf-8")),
    ("jsx", PLAIN),
    ("jxl", packed("image/jxl")),
    ("kml", text("application/vnd.google-earth.kml+xml; charset=utf-8")),
    ("ktx2", packed("image/ktx2")),
    ("less", PLAIN),
    ("log", PLAIN),
    ("m3u", text("audio/mpegurl; charset=utf-8")),
    ("m3u8", text("application/vnd.apple.mpegurl; charset=utf-8")),
    ("m4a", packed("audio/mp4")),
    ("m4s", packed("video/iso.segment")),
    ("m4v", packed("video/mp4")),
    ("map", JSON),
    ("markdown", text("text/markdown; charset=utf-8")),
    ("md", text("text/markdown; charset=utf-8")),
    ("mdx", text("text/markdown; charset=utf-8")),
    ("mid", loose("audio/midi")),
    ("midi", loose("audio/midi")),
    ("mjs", SCRIPT),
    ("mkv", packed("video/matroska")),
    ("mov", packed("video/quicktime")),
    ("mp3", packed("audio/mpeg")),
    ("mp4", packed("video/mp4")),
    ("mpd", text("application/dash+xml; charset=utf-8")),
    ("mpeg", packed("video/mpeg")),
    ("mpg", packed("video/mpeg")),
    ("mtl", PLAIN),
    ("ndjson", text("application/x-ndjson; charset=utf-8")),
    ("obj", loose("model/obj")),
    ("odp", packed("application/vnd.oasis.opendocument.presentation")),
    ("ods", packed("application/vnd.oasis.opendocument.spreadsheet")),
    ("odt", packed("application/vnd.oasis.opendocument.text")),
    ("oga", packed("audio/ogg")),
    ("ogg", packed("audio/ogg")),
    ("ogv", packed("video/ogg")),
    ("onnx", loose("application/octet-stream")),
    ("opus", packed("audio/ogg")),
    ("otf", loose("font/otf")),
    ("pbf", packed("application/x-protobuf")),
    ("pdf", packed("application/pdf")),
    ("pem", text("application/x-pem-file")),
    ("pgp", text("application/pgp-encrypted")),
    ("png", packed("image/png")),
    ("ppt", loose("application/vnd.ms-powerpoint")),
    ("pptx", packed("application/vnd.openxmlformats-officedocument.presentationml.presentation")),
    ("properties", PLAIN),
    ("ps", loose("application/postscript")),
    ("py", PLAIN),
    ("rar", packed("application/vnd.rar")),
    ("rdf", text("application/rdf+xml; charset=utf-8")),
    ("rs", PLAIN),
    ("rss", text("application/rss+xml; charset=utf-8")),
    ("rtf", text("application/rtf")),
    ("sass", PLAIN),
    ("scss", PLAIN),
    ("sh", PLAIN),
    ("sig", packed("application/pgp-signature")),
    ("sql", text("application/sql; charset=utf-8")),
    ("sqlite", loose("application/vnd.sqlite3")),
    ("srt", text("application/x-subrip; charset=utf-8")),
    ("stl", loose("model/stl")),
    ("svelte", PLAIN),
    ("svg", text("image/svg+xml; charset=utf-8")),
    ("svgz", packed("image/svg+xml")),
    ("swf", packed("application/x-shockwave-flash")),
    ("tar", loose("application/x-tar")),
    ("tex", PLAIN),
    ("tgz", packed("application/gzip")),
    ("tif", loose("image/tiff")),
    ("tiff", loose("image/tiff")),
    ("toml", text("application/toml; charset=utf-8")),
    ("ts", packed("video/mp2t")),
    ("tsv", text("text/tab-separated-values; charset=utf-8")),
    ("tsx", PLAIN),
    ("ttc", loose("font/collection")),
    ("ttf", loose("font/ttf")),
    ("ttl", text("text/turtle; charset=utf-8")),
    ("txt", PLAIN),
    ("usdz", packed("model/vnd.usdz+zip")),
    ("vcf", text("text/vcard; charset=utf-8")),
    ("vert", PLAIN),
    ("vtt", text("text/vtt; charset=utf-8")),
    ("vue", PLAIN),
    ("wasm", loose("application/wasm")),
    ("wav", loose("audio/wav")),
    ("weba", packed("audio/webm")),
    ("webm", packed("video/webm")),
    ("webmanifest", text("application/manifest+json; charset=utf-8")),
    ("webp", packed("image/webp")),
    ("wgsl", text("text/wgsl; charset=utf-8")),
    ("woff", packed("font/woff")),
    ("woff2", packed("font/woff2")),
    ("xht", page("application/xhtml+xml; charset=utf-8")),
    ("xhtml", page("application/xhtml+xml; charset=utf-8")),
    ("xls", loose("application/vnd.ms-excel")),
    ("xlsx", packed("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
    ("xml", text("application/xml; charset=utf-8")),
    ("xsd", text("application/xml; charset=utf-8")),
    ("xsl", text("application/xslt+xml; charset=utf-8")),
    ("xslt", text("application/xslt+xml; charset=utf-8")),
    ("xz", packed("application/x-xz")),
    ("yaml", text("application/yaml; charset=utf-8")),
    ("yml", text("application/yaml; charset=utf-8")),
    ("zip", packed("application/zip")),
    ("zst", packed("application/zstd")),
];
