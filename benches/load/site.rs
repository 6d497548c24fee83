//! The files that are served and deployed: made up, the same in every run.

use std::fs;
use std::path::Path;

/// Words that texts are made of; a stylesheet or a page repeats itself about as much.
const WORDS: [&str; 24] = [
    "color", "margin", "padding", "border", "display", "flex", "grid", "none", "block", "auto",
    "inherit", "solid", "hover", "focus", "main", "article", "section", "header", "footer",
    "width", "height", "content", "position", "relative",
];

/// Numbers that look random and are the same each time (xorshift64*).
pub(crate) struct Numbers(u64);

impl Numbers {
    /// The sequence with this name.
    pub(crate) fn of(seed: u64) -> Numbers {
        Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }
}

/// Bytes that no encoding makes smaller: an image, an archive.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut numbers = Numbers::of(seed);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&numbers.draw().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Rules of a stylesheet, or what passes for a script.
pub(crate) fn text(seed: u64, length: usize) -> Vec<u8> {
    let mut numbers = Numbers::of(seed);
    let word = |numbers: &mut Numbers| WORDS[numbers.below(WORDS.len() as u64) as usize];
    let mut text = String::with_capacity(length + 64);
    while text.len() < length {
        let (selector, property, value) =
            (word(&mut numbers), word(&mut numbers), word(&mut numbers));
        let number = numbers.below(1000);
        text.push_str(&format!(".{selector}-{number} {{ {property}: {value} {number}px; }}\n"));
    }
    text.truncate(length);
    text.into_bytes()
}

/// A page.
pub(crate) fn page(seed: u64, length: usize) -> Vec<u8> {
    let head = format!("<!doctype html>\n<title>Page {seed}</title>\n<p>");
    let mut page = head.into_bytes();
    let rest = length.saturating_sub(page.len());
    page.extend(text(seed, rest));
    page.truncate(length);
    page
}

/// The site of the comparison: one file of each size.
pub(crate) fn write_sizes(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("index.html"), page(1, 1024))?;
    fs::write(dir.join("page.html"), page(2, 1024))?;
    fs::write(dir.join("app.js"), text(3, 16 * 1024))?;
    fs::write(dir.join("style.css"), text(4, 100 * 1024))?;
    fs::write(dir.join("large.bin"), noise(5, 1024 * 1024))
}

/// A small site: a page, a stylesheet and a script.
pub(crate) fn write_small(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("index.html"), page(6, 1024))?;
    fs::write(dir.join("style.css"), text(7, 4 * 1024))?;
    fs::write(dir.join("app.js"), text(8, 8 * 1024))
}

/// A site of 1,000 files and 20 MB: 300 pages of 4 KB, 100 stylesheets and scripts of 10 KB,
/// 600 images of 29.6 KB. Each `edition` has other contents.
pub(crate) fn write_thousand(dir: &Path, edition: u64) -> std::io::Result<()> {
    for folder in ["pages", "assets", "images"] {
        fs::create_dir_all(dir.join(folder))?;
    }
    fs::write(dir.join("index.html"), page(edition * 10_000, 4000))?;
    for nth in 1..300 {
        let bytes = page(edition * 10_000 + nth, 4000);
        fs::write(dir.join(format!("pages/{nth}.html")), bytes)?;
    }
    for nth in 0..100 {
        let extension = if nth % 2 == 0 { "css" } else { "js" };
        let bytes = text(edition * 10_000 + 1000 + nth, 10_000);
        fs::write(dir.join(format!("assets/{nth}.{extension}")), bytes)?;
    }
    for nth in 0..600 {
        let bytes = noise(edition * 10_000 + 2000 + nth, 29_667);
        fs::write(dir.join(format!("images/{nth}.jpg")), bytes)?;
    }
    Ok(())
}

/// 100 MiB in 100 files. Each `edition` has other contents.
pub(crate) fn write_hundred_mib(dir: &Path, edition: u64) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("index.html"), page(edition, 1024))?;
    for nth in 0..100 {
        let bytes = noise(1_000_000 + edition * 1000 + nth, 1024 * 1024);
        fs::write(dir.join(format!("{nth}.bin")), bytes)?;
    }
    Ok(())
}
