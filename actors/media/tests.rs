//! The table, and names that build tools and people write.

use proptest::prelude::*;

use super::*;

#[test]
fn the_table_is_sorted_and_has_no_extension_twice() {
    for pair in table::TABLE.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
    }
    for (extension, media) in table::TABLE {
        assert_eq!(media_type(&format!("x.{extension}")), media, "{extension}");
    }
    assert!(table::TABLE.len() >= 120);
}

#[test]
fn text_says_its_charset() {
    for (extension, media) in table::TABLE {
        let text = media.name.starts_with("text/") || media.html;
        assert!(!text || media.name.ends_with("; charset=utf-8"), "{extension}: {}", media.name);
    }
}

#[test]
fn files_are_known_by_their_extension() {
    fn check(path: &str, expect: &str) {
        assert_eq!(media_type(path).name, expect, "{path}");
    }
    check("index.html", "text/html; charset=utf-8");
    check("a/b/INDEX.HTML", "text/html; charset=utf-8");
    check("app.js", "text/javascript; charset=utf-8");
    check("app.mjs", "text/javascript; charset=utf-8");
    check("app.js.map", "application/json; charset=utf-8");
    check("a.css", "text/css; charset=utf-8");
    check("a.txt", "text/plain; charset=utf-8");
    check("README.md", "text/markdown; charset=utf-8");
    check("a.wasm", "application/wasm");
    check("a.woff2", "font/woff2");
    check("favicon.ico", "image/vnd.microsoft.icon");
    check("logo.svg", "image/svg+xml; charset=utf-8");
    check("site.webmanifest", "application/manifest+json; charset=utf-8");
    check("feed.xml", "application/xml; charset=utf-8");
    check("a.tar.gz", "application/gzip");
    check(".well-known/apple-app-site-association", "application/json; charset=utf-8");
    check(".well-known/security.txt", "text/plain; charset=utf-8");
    check("LICENSE", "application/octet-stream");
    check("a.html/file", "application/octet-stream");
    check("a.", "application/octet-stream");
    check("a.averyveryverylongextension", "application/octet-stream");
    check("a.жжж", "application/octet-stream");
    check("", "application/octet-stream");
}

#[test]
fn only_what_shrinks_is_compressible() {
    fn check(path: &str, expect: bool) {
        assert_eq!(media_type(path).compressible, expect, "{path}");
    }
    check("a.html", true);
    check("a.svg", true);
    check("a.wasm", true);
    check("a.ttf", true);
    check("a.woff2", false);
    check("a.png", false);
    check("a.mp4", false);
    check("a.zip", false);
    check("a.unknown", false);
}

/// Names that build tools write.
const FINGERPRINTED: &[&str] = &[
    // webpack, Parcel, create-react-app
    "app.3f2a9c1b.js",
    "main.0e1f2a3b4c5d6e7f8091.chunk.js",
    "main.8d2b7c31.css",
    "static.1f2e3d4c5b6a79880011.js",
    "787.cda612ba.chunk.js",
    "index.f2a1b03c.js",
    "main.8d2b7c31.js.map",
    "logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg",
    // Vite, Rollup
    "index-BkT3x9aZ.css",
    "index-DiwrgTda.js",
    "react-CHdo91hT.svg",
    "index-D8b4DHJx.css",
    "index-BUMBPvzj.js",
    "vite-DcBtz0py.svg",
    "index-n_ryQ3BS.css",
    "index-DVoHNO1Y.css",
    "index-f40OySzR.js",
    "index-C_4-x9Za.css",
    "react-35ef61ed.svg",
    "vendor-Bx-kq8Tz.js",
    // esbuild, Angular
    "chunk-4XK2ABCD.js",
    "main-MQ4PWYGU.js",
    "polyfills-FFHMD2TL.js",
    "chunk-5QFJT2DL.js",
    // Next
    "main-app-1a2b3c4d5e6f7890.js",
    "webpack-8fa1640cc84ba8fe.js",
    "3f2a9c1b7d5e4f60.css",
    "page-0d3f1e9c2b4a5867.js",
    "e4af272ccee01ff0-s.p.woff2",
    // Astro
    "index.BkT3x9aZ.css",
    "hoisted.b3f1c27e.js",
    "_slug_.Cq9zW1pK.css",
    // SvelteKit
    "start.B7rWqYsD.js",
    "0.DkXv3jRq.js",
    "BkT3x9aZ.js",
    "app.CzXw8kQ1.js",
];

#[test]
fn names_of_build_tools_are_fingerprinted() {
    for name in FINGERPRINTED {
        assert!(is_fingerprinted(name), "{name}");
    }
}

/// Names that people write.
const PLAIN: &[&str] = &[
    "index.html",
    "app.js",
    "style.css",
    "jquery-ui-components.js",
    "jquery-3.7.1.min.js",
    "bootstrap.bundle.min.js",
    "2024-01-15.png",
    "20240115.html",
    "20240115.png",
    "report-20240115.pdf",
    "report-20240115b.pdf",
    "photo-20240115T093000.jpg",
    "banner-1920x1080.png",
    "photo-1024x768.jpg",
    "IMG_20240115.jpg",
    "DSC_00012345.jpg",
    "DSC00012345.jpg",
    "screenshot2024.png",
    "iphone15pro.jpg",
    "chapter10.js",
    "MyButton.js",
    "components-MyButton.js",
    "HomePage.js",
    "my.HomePage.css",
    "DarkMode-HomePage.js",
    "Foo-App-Main.js",
    "site-app-main.js",
    "JavaScript.js",
    "MyGreatComponent.js",
    "MyComponent2.js",
    "Vue3Component.js",
    "Web2Print.js",
    "NavBtnLg.css",
    "FooterUI.js",
    "i18nMessages.json",
    "sha256sum.txt",
    "es2015build.js",
    "facade24.css",
    "decade1990.css",
    "deadbeef.js",
    "CHANGELOG.md",
    "LICENSES.txt",
    "1234567890.png",
    "v1.2.3-beta4.js",
    "12.34.56.78.js",
    "three.module.js",
    "service-worker.js",
    "apple-touch-icon-180x180.png",
    "Inter-SemiBold.woff2",
    "Inter-BoldItalic.woff2",
    "RobotoMono-Regular.ttf",
    "OpenSans-ExtraBold.ttf",
    "material-icons-outlined.css",
    "fontawesome-webfont.woff2",
    "highlight.min.js",
    "3f2a9c1b",
    "app.3f2a9c1b.html",
    "page-BkT3x9aZ.html",
    "a.js",
    "",
    ".",
    "é.js",
    "übergrößen-straße.css",
    "NotoSansJP-Medium.otf",
    "android-chrome-512x512.png",
    "app.3f2a9c1.js",
    "useLocalStorage.js",
    "i18next-http-backend.js",
    "Web3Provider.js",
    "AddrList.js",
    "XtGrabButton.png",
    "ieee1394-symbolic.svg",
    "fchown32-notes.css",
];

#[test]
fn names_of_people_are_not() {
    for name in PLAIN {
        assert!(!is_fingerprinted(name), "{name}");
    }
}

/// Many cases, and no file of failures beside the source.
fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_name_gets_an_answer(name in ".{0,40}") {
        let _ = (media_type(&name), is_fingerprinted(&name));
    }

    #[test]
    fn random_hexadecimal_is_a_hash(hash in "[0-9a-f]{16,40}") {
        prop_assume!(hash.contains(|c: char| c.is_ascii_digit()));
        prop_assume!(hash.contains(|c: char| c.is_ascii_alphabetic()));
        prop_assume!(!hash.starts_with("19") && !hash.starts_with("20"));
        let name = format!("app.{hash}.js");
        prop_assert!(is_fingerprinted(&name));
    }
}
