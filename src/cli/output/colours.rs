//! A line in which some parts have a colour.
//!
//! Its text may come from anywhere and is made harmless; its colours are put on afterwards.

use std::{ffi::OsStr, io::Write};

use super::{bytes, harmless};

/// The variable by which a person does without colours (no-color.org).
const NO_COLOR: &str = "NO_COLOR";
/// What ends every colour.
const PLAIN: &str = "\x1b[0m";

/// A colour of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// For what went wrong.
    Red,
    /// For what should not happen often.
    Yellow,
    /// For what went well.
    Green,
    /// For what matters less.
    Dim,
}

impl Colour {
    fn code(self) -> &'static str {
        match self {
            Colour::Red => "\x1b[31m",
            Colour::Yellow => "\x1b[33m",
            Colour::Green => "\x1b[32m",
            Colour::Dim => "\x1b[2m",
        }
    }
}

/// Whether colours are wanted where they can be seen.
pub fn are_wanted() -> bool {
    allows(std::env::var_os(NO_COLOR).as_deref())
}

/// An empty variable counts as none.
fn allows(no_color: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty)
}

/// A line under way.
#[derive(Clone, Debug)]
pub struct Line {
    text: String,
    has_colour: bool,
}

impl Line {
    /// Nothing yet. `has_colour`: whether it goes where colours are seen.
    pub fn new(has_colour: bool) -> Line {
        Line { text: String::new(), has_colour }
    }

    /// Adds text as it is.
    pub fn plain(mut self, text: &str) -> Line {
        self.text.push_str(&harmless(text));
        self
    }

    /// Adds text in a colour.
    pub fn painted(mut self, colour: Colour, text: &str) -> Line {
        if !self.has_colour {
            return self.plain(text);
        }
        self.text.push_str(colour.code());
        self = self.plain(text);
        self.text.push_str(PLAIN);
        self
    }

    /// What the terminal gets.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Prints it on stdout.
    ///
    /// # Errors
    /// Stdout cannot be written.
    pub fn print(&self) -> anyhow::Result<()> {
        bytes(format!("{}\n", self.text).as_bytes())
    }

    /// Prints it on stderr.
    pub fn print_note(&self) {
        // Where stderr is gone there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "{}", self.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_ours_and_the_text_is_harmless() {
        let line = |has_colour| {
            let line = Line::new(has_colour).plain("a\x1b[2J ").painted(Colour::Red, "b\u{9b}1m");
            line.plain(" c\r").as_str().to_owned()
        };
        assert_eq!(line(false), "a\u{fffd}[2J b\u{fffd}1m c\u{fffd}");
        assert_eq!(line(true), "a\u{fffd}[2J \x1b[31mb\u{fffd}1m\x1b[0m c\u{fffd}");
    }

    #[test]
    fn a_variable_that_says_nothing_takes_no_colour_away() {
        for (no_color, expect) in [(None, true), (Some(""), true), (Some("0"), false)] {
            assert_eq!(allows(no_color.map(OsStr::new)), expect, "{no_color:?}");
        }
    }
}
