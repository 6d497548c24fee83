//! The table of fazt beside nginx.

use super::figures::{Wanted, shown};

/// One line of the table.
struct Line {
    what: String,
    fazt: String,
    nginx: String,
    ratio: String,
    wanted: String,
    verdict: &'static str,
}

/// The table while it grows.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// A number of fazt alone.
    pub(crate) fn single(&mut self, what: &str, number: f64, unit: &str, wanted: Wanted) {
        self.lines.push(Line {
            what: what.to_owned(),
            fazt: shown(number, unit),
            nginx: String::new(),
            ratio: String::new(),
            wanted: match wanted {
                Wanted::AtLeast(least) => format!("≥ {}", shown(least, unit)),
                Wanted::AtMost(most) => format!("≤ {}", shown(most, unit)),
                Wanted::Nothing => String::new(),
            },
            verdict: wanted.verdict(number),
        });
    }

    /// A number of fazt beside that of nginx, judged by the ratio of the two.
    pub(crate) fn ratio(&mut self, what: &str, pair: [f64; 2], unit: &str, wanted: Wanted) {
        let ratio = pair[0] / pair[1];
        self.pair(what, pair, unit, wanted.verdict(ratio));
        self.want(match wanted {
            Wanted::AtLeast(least) => format!("≥ {least} ×"),
            Wanted::AtMost(most) => format!("≤ {most} ×"),
            Wanted::Nothing => String::new(),
        });
    }

    /// A number of fazt beside that of nginx, judged by itself.
    pub(crate) fn beside(&mut self, what: &str, pair: [f64; 2], unit: &str, wanted: Wanted) {
        self.pair(what, pair, unit, wanted.verdict(pair[0]));
        self.want(match wanted {
            Wanted::AtLeast(least) => format!("≥ {}", shown(least, unit)),
            Wanted::AtMost(most) => format!("≤ {}", shown(most, unit)),
            Wanted::Nothing => String::new(),
        });
    }

    fn pair(&mut self, what: &str, pair: [f64; 2], unit: &str, verdict: &'static str) {
        self.lines.push(Line {
            what: what.to_owned(),
            fazt: shown(pair[0], unit),
            nginx: shown(pair[1], unit),
            ratio: format!("{:.2}", pair[0] / pair[1]),
            wanted: String::new(),
            verdict,
        });
    }

    fn want(&mut self, wanted: String) {
        if let Some(line) = self.lines.last_mut() {
            line.wanted = wanted;
        }
    }

    /// How many numbers are not what they should be.
    pub(crate) fn missed(&self) -> usize {
        self.lines.iter().filter(|line| line.verdict == "missed").count()
    }

    /// The table in Markdown.
    pub(crate) fn table(&self) -> String {
        let head = Line {
            what: "what".to_owned(),
            fazt: "fazt".to_owned(),
            nginx: "nginx".to_owned(),
            ratio: "ratio".to_owned(),
            wanted: "wanted".to_owned(),
            verdict: "",
        };
        let widths = [
            self.width(&head, |line| &line.what),
            self.width(&head, |line| &line.fazt),
            self.width(&head, |line| &line.nginx),
            self.width(&head, |line| &line.ratio),
            self.width(&head, |line| &line.wanted),
        ];
        let mut table = row(&head, widths);
        let dashes = widths.map(|width| "-".repeat(width));
        let [what, fazt, nginx, ratio, wanted] = dashes;
        let ruler = format!("|-{what}-|-{fazt}:|-{nginx}:|-{ratio}:|-{wanted}:|--------|\n");
        table.push_str(&ruler);
        self.lines.iter().for_each(|line| table.push_str(&row(line, widths)));
        table
    }

    fn width(&self, head: &Line, column: impl Fn(&Line) -> &String) -> usize {
        let lines = self.lines.iter().chain([head]);
        lines.map(|line| column(line).chars().count()).max().unwrap_or(0)
    }
}

fn row(line: &Line, widths: [usize; 5]) -> String {
    let [what, fazt, nginx, ratio, wanted] = widths;
    format!(
        "| {:what$} | {:>fazt$} | {:>nginx$} | {:>ratio$} | {:>wanted$} | {:6} |\n",
        line.what, line.fazt, line.nginx, line.ratio, line.wanted, line.verdict,
    )
}
