//! The table of fazt beside its peers.

use super::figures::{Wanted, shown};

/// The servers, in the order of the columns. The first is fazt.
pub(crate) const SERVERS: [&str; 4] = ["fazt", "workerd", "Node", "deno"];

/// One number of each server; none where it is not installed.
pub(crate) type Numbers = [Option<f64>; SERVERS.len()];

/// Columns of the table.
const COLUMNS: usize = SERVERS.len() + 3;

/// What fazt's number should be beside that of a peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtLeast {
    /// As a multiple of the peer's number.
    pub(crate) times: f64,
    /// The column of the peer.
    pub(crate) server: usize,
}

/// The table while it grows.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<[String; COLUMNS]>,
}

impl Report {
    /// A number of fazt alone.
    pub(crate) fn single(&mut self, what: &str, number: f64, unit: &str, wanted: Wanted) {
        self.beside(what, [Some(number), None, None, None], unit, wanted);
    }

    /// Numbers of all servers, where fazt's is judged by itself.
    pub(crate) fn beside(&mut self, what: &str, numbers: Numbers, unit: &str, wanted: Wanted) {
        let text = match wanted {
            Wanted::AtLeast(least) => format!("≥ {}", shown(least, unit)),
            Wanted::AtMost(most) => format!("≤ {}", shown(most, unit)),
            Wanted::Nothing => String::new(),
        };
        let verdict = numbers[0].map_or("unknown", |number| wanted.verdict(number));
        self.push(what, numbers, unit, [text, verdict.to_owned()]);
    }

    /// Numbers of all servers, where fazt's is judged beside those of peers.
    pub(crate) fn against(&mut self, what: &str, numbers: Numbers, wanted: &[AtLeast]) {
        let ratios = wanted.iter().map(|want| {
            let ratio = numbers[0].zip(numbers[want.server]).map(|(own, peer)| own / peer);
            (want, ratio)
        });
        let texts: Vec<String> = ratios
            .clone()
            .map(|(want, ratio)| {
                let is = ratio.map_or_else(String::new, |ratio| format!(" (is {ratio:.2})"));
                format!("≥ {} × {}{is}", shown(want.times, ""), SERVERS[want.server])
            })
            .collect();
        let verdicts: Vec<_> =
            ratios.map(|(want, ratio)| ratio.map(|ratio| ratio >= want.times)).collect();
        let verdict = if verdicts.contains(&Some(false)) {
            "missed"
        } else if verdicts.contains(&None) {
            "unknown"
        } else {
            "ok"
        };
        self.push(what, numbers, "", [texts.join(", "), verdict.to_owned()]);
    }

    /// A part that came to no number.
    pub(crate) fn failed(&mut self, part: &str) {
        self.push(part, [None; SERVERS.len()], "", [String::new(), "missed".to_owned()]);
    }

    fn push(&mut self, what: &str, numbers: Numbers, unit: &str, [wanted, verdict]: [String; 2]) {
        let [fazt, workerd, node, deno] =
            numbers.map(|number| number.map_or_else(String::new, |number| shown(number, unit)));
        self.rows.push([what.to_owned(), fazt, workerd, node, deno, wanted, verdict]);
    }

    /// How many rows are not as they should be.
    pub(crate) fn missed(&self) -> usize {
        self.rows.iter().filter(|row| row[COLUMNS - 1] == "missed").count()
    }

    /// The table in Markdown.
    pub(crate) fn table(&self) -> String {
        let [fazt, workerd, node, deno] = SERVERS;
        let head = ["what", fazt, workerd, node, deno, "wanted", ""].map(str::to_owned);
        let rows = || [&head].into_iter().chain(&self.rows);
        let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
            rows().map(|row| row[column].chars().count()).max().unwrap_or(0)
        });
        let mut table = line(&head, widths);
        let ruler: [String; COLUMNS] = std::array::from_fn(|column| {
            let dashes = "-".repeat(widths[column].saturating_sub(1));
            if is_number(column) { format!("{dashes}:") } else { format!("{dashes}-") }
        });
        table.push_str(&line(&ruler, widths));
        self.rows.iter().for_each(|row| table.push_str(&line(row, widths)));
        table
    }
}

fn is_number(column: usize) -> bool {
    (1..=SERVERS.len()).contains(&column)
}

fn line(cells: &[String; COLUMNS], widths: [usize; COLUMNS]) -> String {
    let mut line = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cell =
            if is_number(column) { format!("{cell:>width$}") } else { format!("{cell:width$}") };
        line.push_str(&format!("| {cell} "));
    }
    line + "|\n"
}
