//! What the terminal sees: results on stdout, everything else on stderr.
//!
//! The only place of the command line that prints. On a terminal lists are aligned columns
//! for people; anywhere else they are tab-separated values for programs, without a header,
//! with sizes in bytes and times in RFC 3339.

pub mod colours;

use std::io::{self, IsTerminal, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

pub use self::colours::{Colour, Line};

/// Columns between two columns of a table.
const GAP: u16 = 2;

/// One value of a list, for a person and for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    shown: String,
    raw: String,
    is_number: bool,
}

impl Cell {
    /// A text that is the same for both.
    pub fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        Cell { shown: harmless(&text), raw: text, is_number: false }
    }

    /// A text for people, and what programs get in its place.
    pub fn of(shown: impl Into<String>, raw: impl Into<String>) -> Cell {
        Cell { shown: harmless(&shown.into()), raw: raw.into(), is_number: false }
    }

    /// Aligns the cell like a number: to the right.
    pub fn right(self) -> Cell {
        Cell { is_number: true, ..self }
    }
}

/// A list: its titles, and rows with as many cells.
#[derive(Clone, Debug)]
pub struct List {
    titles: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl List {
    /// A list without rows.
    pub fn new(titles: &[&'static str]) -> List {
        List { titles: titles.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.titles.len(), "a row has a cell for each title");
        self.rows.push(row);
    }

    /// The list in aligned columns, at most `width` wide where a width is known.
    pub fn for_people(&self, width: Option<u16>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty();
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table.set_header(self.titles.clone());
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| {
                let side = if cell.is_number { CellAlignment::Right } else { CellAlignment::Left };
                comfy_table::Cell::new(&cell.shown).set_alignment(side)
            }));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        table.trim_fmt() + "\n"
    }

    /// The list as tab-separated lines.
    pub fn for_programs(&self) -> String {
        let line = |row: &Vec<Cell>| {
            let cells: Vec<String> = row.iter().map(|cell| one_line(&cell.raw)).collect();
            cells.join("\t") + "\n"
        };
        self.rows.iter().map(line).collect()
    }
}

/// A tab or a line break inside a value would shift the ones after it.
fn one_line(value: &str) -> String {
    value.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Prints a list; on a terminal without rows, the sentence `empty` in its place.
///
/// # Errors
/// Stdout cannot be written.
pub fn list(list: &List, empty: &str) -> anyhow::Result<()> {
    if !io::stdout().is_terminal() {
        return text(&list.for_programs());
    }
    if list.rows.is_empty() {
        return line(empty);
    }
    text(&list.for_people(terminal_width()))
}

/// Prints one row of a list that does not end, for programs.
///
/// # Errors
/// Stdout cannot be written.
pub fn row(cells: &[&str]) -> anyhow::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| one_line(cell)).collect();
    text(&(cells.join("\t") + "\n"))
}

/// Prints one value of a list that does not end, as JSON on a line of its own.
///
/// # Errors
/// Stdout cannot be written.
pub fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    text(&(escaped(&serde_json::to_string(value)?) + "\n"))
}

/// Prints names and values below each other; tab-separated where nobody looks.
///
/// # Errors
/// Stdout cannot be written.
pub fn facts(facts: &[(&str, Cell)]) -> anyhow::Result<()> {
    text(&fact_lines(facts, io::stdout().is_terminal()))
}

/// The lines of [`facts`].
pub fn fact_lines(facts: &[(&str, Cell)], is_terminal: bool) -> String {
    let widest = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 1;
    let line = |(name, cell): &(&str, Cell)| match is_terminal {
        true => format!("{:<widest$}  {}\n", format!("{name}:"), cell.shown),
        false => format!("{name}\t{}\n", one_line(&cell.raw)),
    };
    facts.iter().map(line).collect()
}

/// Prints the API's own data.
///
/// # Errors
/// Stdout cannot be written.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    text(&(escaped(&serde_json::to_string_pretty(value)?) + "\n"))
}

/// JSON with the control characters escaped that it may hold as they are (RFC 8259
/// section 7): those from U+007F on command some terminals.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '\u{7f}'..='\u{9f}' => escaped.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Prints one line.
///
/// # Errors
/// Stdout cannot be written.
pub fn line(line: &str) -> anyhow::Result<()> {
    text(&format!("{}\n", harmless(line)))
}

/// Prints bytes as they are.
///
/// # Errors
/// Stdout cannot be written.
pub fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

fn text(text: &str) -> anyhow::Result<()> {
    bytes(text.as_bytes())
}

/// Whether the only thing that went wrong is that nobody reads stdout any more, as in
/// `fazt app list | head -1`.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Tells the user something on stderr that is neither a result nor an error.
pub fn note(note: &str) {
    // Where stderr is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{}", harmless(note));
}

/// A text without the characters that command a terminal: what another node or a visitor
/// wrote must not move the cursor or change the window's title.
fn harmless(text: &str) -> String {
    let is_harmless = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    text.chars().map(|letter| if is_harmless(letter) { letter } else { '\u{fffd}' }).collect()
}

/// Prints an error and the chain of its causes on stderr.
pub fn error(error: &anyhow::Error) {
    note(error_text(error).trim_end());
}

/// `error: …`, and a line for each cause that says something new.
pub fn error_text(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            text.push_str(&format!("  because: {cause}\n"));
            said = cause;
        }
    }
    text
}

/// Asks a question on the terminal; whatever does not begin with `y` means no.
///
/// # Errors
/// The terminal cannot be read.
pub fn confirm(question: &str) -> anyhow::Result<bool> {
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_ascii_lowercase().starts_with('y'))
}

/// Whether a person can be asked.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Columns of the terminal behind stdout, where there is one.
fn terminal_width() -> Option<u16> {
    Table::new().width()
}

#[cfg(test)]
mod tests;
