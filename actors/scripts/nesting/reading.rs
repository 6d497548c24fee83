//! One way to read a source as tokens.

/// Words for which a parser may go one step down.
const KEYWORDS: &str = "\
    abstract accessor as assert asserts async await break case catch class const continue \
    debugger declare default delete do else enum export extends finally for function if \
    implements import in infer instanceof is keyof let new of readonly return satisfies \
    switch throw try typeof unique var void while with yield";

/// Words that go on with what a `}` before them seemed to end.
const GOING_ON: &str =
    "as assert catch else extends finally from implements in instanceof is of satisfies while";

/// Steps that an opening bracket counts for. Parsers try some of them as one thing and then as
/// another, so that their time grows with the square of how many are open.
const OPENING_STEPS: u32 = 20;

/// What one step came to.
pub(super) enum Step {
    /// A token was read.
    On,
    /// At a `/` that is no comment.
    Slash,
    /// At a `<!--` or `-->`, which are comments in scripts and operators in modules.
    HtmlComment,
    /// No source can be read this way.
    Dead,
    /// All of it was read.
    End,
}

/// What an open bracket is closed by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closer {
    File,
    Round,
    Square,
    Curly,
    /// `${` in a template, whose text goes on after the `}`.
    Template,
}

#[derive(Clone, PartialEq, Eq)]
struct Level {
    closer: Closer,
    /// Steps down since a statement began at this level, and those of the bracket itself.
    steps: u32,
    /// Whether a `<` was among them: then a comma may stand inside of type arguments.
    has_angle: bool,
    /// Whether a `;` was last: then a statement has ended, unless `else` follows.
    has_ended: bool,
}

impl Level {
    fn new(closer: Closer) -> Level {
        Level { closer, steps: OPENING_STEPS, has_angle: false, has_ended: false }
    }
}

/// What came before, as far as the meaning of the next token depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// After this only an expression can begin, so that a `/` begins a regular expression.
    Opening,
    /// A `}`.
    Curly,
    /// Anything else.
    Other,
}

#[derive(Clone)]
pub(super) struct Reading {
    at: usize,
    /// Never empty: the file is the first.
    levels: Vec<Level>,
    /// The sum of their steps.
    depth: u32,
    before: Before,
}

impl Reading {
    pub(super) fn new() -> Reading {
        let levels = vec![Level::new(Closer::File)];
        Reading { at: 0, levels, depth: OPENING_STEPS, before: Before::Opening }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// Levels, as a measure of what a copy costs.
    pub(super) fn size(&self) -> usize {
        self.levels.len()
    }

    /// Whether both go on alike from here.
    pub(super) fn meets(&self, other: &Reading) -> bool {
        let closers = |reading: &Reading| reading.levels.len();
        self.at == other.at
            && self.before == other.before
            && closers(self) == closers(other)
            && self.levels.iter().zip(&other.levels).all(|(a, b)| a.closer == b.closer)
    }

    /// Becomes at least as deep as the other, at every level.
    pub(super) fn absorb(&mut self, other: &Reading) {
        for (mine, others) in self.levels.iter_mut().zip(&other.levels) {
            mine.steps = mine.steps.max(others.steps);
            mine.has_angle |= others.has_angle;
            mine.has_ended &= others.has_ended;
        }
        self.depth = self.levels.iter().map(|level| level.steps).sum();
    }

    /// Reads one token.
    pub(super) fn step(&mut self, source: &[u8]) -> Step {
        let rest = &source[self.at..];
        let Some(first) = rest.first() else { return Step::End };
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.at += 1,
            b'#' if self.at == 0 && rest.starts_with(b"#!") => self.skip_line(source),
            b'/' if rest.starts_with(b"//") => self.skip_line(source),
            b'/' if rest.starts_with(b"/*") => {
                let Some(length) = find(&rest[2..], b"*/") else { return Step::Dead };
                self.at += length + 4;
            }
            b'/' => return Step::Slash,
            b'<' if rest.starts_with(b"<!--") => return Step::HtmlComment,
            b'-' if rest.starts_with(b"-->") => return Step::HtmlComment,
            b'"' | b'\'' => return self.string(rest, *first),
            b'`' => {
                self.at += 1;
                self.take_step(b"");
                return self.template(source);
            }
            b'(' => self.open(Closer::Round),
            b'[' => self.open(Closer::Square),
            b'{' => self.open(Closer::Curly),
            b')' => return self.close(Closer::Round),
            b']' => return self.close(Closer::Square),
            b'}' if self.top().closer == Closer::Template => {
                let _ = self.close(Closer::Template);
                return self.template(source);
            }
            b'}' => return self.close(Closer::Curly),
            b';' => {
                self.top().has_ended = true;
                self.go_to(self.at + 1, Before::Opening);
            }
            b',' => self.comma(),
            byte if is_word(*byte) => self.word(rest),
            _ => self.operator(source),
        }
        Step::On
    }

    /// Goes on behind the line break. U+2028 and U+2029 end lines too (ECMA-262 12.3).
    pub(super) fn skip_line(&mut self, source: &[u8]) {
        let rest = &source[self.at..];
        let end = (0..rest.len()).find(|index| ends_line(&rest[*index..]));
        self.at += end.unwrap_or(rest.len());
    }

    /// Reads one byte of an operator.
    pub(super) fn operator(&mut self, source: &[u8]) {
        let byte = source[self.at];
        self.take_step(b"");
        if byte == b'<' {
            // It may open type arguments.
            self.top().has_angle = true;
            self.top().steps += OPENING_STEPS;
            self.depth += OPENING_STEPS;
        }
        // `a++ / b`, `a! / b` and `a<b> / c` are divisions.
        let is_either = matches!(byte, b'+' | b'-' | b'!' | b'>');
        self.go_to(self.at + 1, if is_either { Before::Other } else { Before::Opening });
    }

    /// This reading, with a regular expression at its place.
    pub(super) fn after_regex(&self, end: usize) -> Reading {
        let mut after = self.clone();
        after.take_step(b"");
        after.go_to(end, Before::Other);
        after
    }

    /// Whether a `/` here can be a division.
    pub(super) fn may_divide(&self) -> bool {
        self.before != Before::Opening
    }

    /// Reads the `/` as one.
    pub(super) fn divide(&mut self) {
        self.take_step(b"");
        self.go_to(self.at + 1, Before::Opening);
    }

    fn top(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::new(Closer::File));
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn go_to(&mut self, at: usize, before: Before) {
        self.at = at;
        self.before = before;
    }

    /// Counts a token at the top level. A statement before it has ended if a `;` was last.
    fn take_step(&mut self, word: &[u8]) {
        self.settle(word);
        self.top().steps += 1;
        self.depth += 1;
    }

    fn settle(&mut self, word: &[u8]) {
        if std::mem::take(&mut self.top().has_ended) && word != b"else" {
            self.begin_anew();
        }
    }

    fn begin_anew(&mut self) {
        let top = self.top();
        let steps = std::mem::replace(&mut top.steps, OPENING_STEPS);
        top.has_angle = false;
        self.depth -= steps - OPENING_STEPS;
    }

    fn comma(&mut self) {
        self.settle(b"");
        if !self.top().has_angle {
            self.begin_anew();
        }
        self.go_to(self.at + 1, Before::Opening);
    }

    fn open(&mut self, closer: Closer) {
        self.settle(b"");
        self.levels.push(Level::new(closer));
        self.depth += OPENING_STEPS;
        self.go_to(self.at + 1, Before::Opening);
    }

    fn close(&mut self, closer: Closer) -> Step {
        if self.top().closer != closer {
            return Step::Dead;
        }
        if let Some(closed) = self.levels.pop() {
            self.depth -= closed.steps;
        }
        // `f()()()` is a tree of three levels, though no parser recurses for it.
        self.top().steps += 1;
        self.depth += 1;
        let before = if closer == Closer::Curly { Before::Curly } else { Before::Other };
        self.go_to(self.at + 1, before);
        Step::On
    }

    fn word(&mut self, rest: &[u8]) {
        let end = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        let word = &rest[..end];
        if self.before == Before::Curly && !is_among(GOING_ON, word) {
            self.begin_anew();
        }
        if is_among(KEYWORDS, word) {
            self.take_step(word);
        } else {
            self.settle(word);
        }
        self.go_to(self.at + end, Before::Other);
    }

    /// A string literal, which ends on its line (ECMA-262 12.9.4).
    fn string(&mut self, rest: &[u8], quote: u8) -> Step {
        self.settle(b"");
        let mut index = 1;
        while let Some(byte) = rest.get(index) {
            match byte {
                b'\\' if rest[index..].starts_with(b"\\\r\n") => index += 3,
                b'\\' => index += 2,
                b'\n' | b'\r' => return Step::Dead,
                byte if *byte == quote => {
                    self.go_to(self.at + index + 1, Before::Other);
                    return Step::On;
                }
                _ => index += 1,
            }
        }
        Step::Dead
    }

    /// The text of a template, up to its end or to the next `${`.
    fn template(&mut self, source: &[u8]) -> Step {
        let rest = &source[self.at..];
        let mut index = 0;
        while let Some(byte) = rest.get(index) {
            match byte {
                b'\\' => index += 2,
                b'`' => {
                    self.go_to(self.at + index + 1, Before::Other);
                    return Step::On;
                }
                b'$' if rest.get(index + 1) == Some(&b'{') => {
                    self.at += index + 1;
                    self.open(Closer::Template);
                    return Step::On;
                }
                _ => index += 1,
            }
        }
        Step::Dead
    }
}

/// Where the regular expression that begins at `start` ends, if one can (ECMA-262 12.9.5),
/// and how many bytes were looked at to say so.
pub(super) fn end_of_regex(source: &[u8], start: usize) -> (Option<usize>, usize) {
    let rest = &source[start..];
    let mut in_class = false;
    let mut index = 1;
    while index < rest.len() && !ends_line(&rest[index..]) {
        match rest[index] {
            b'\\' if rest.get(index + 1).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) => {
                index += 1;
            }
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return (Some(start + index + 1), index),
            _ => {}
        }
        index += 1;
    }
    (None, index)
}

fn ends_line(rest: &[u8]) -> bool {
    matches!(rest.first(), Some(b'\n' | b'\r'))
        || rest.starts_with(b"\xe2\x80\xa8")
        || rest.starts_with(b"\xe2\x80\xa9")
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Whether a byte is part of a name or a number. Those beyond ASCII are, or are blanks.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'\\' | b'#') || !byte.is_ascii()
}

/// Whether these words, with a blank between them, have this one.
fn is_among(words: &str, word: &[u8]) -> bool {
    (2..=10).contains(&word.len())
        && word.iter().all(u8::is_ascii_lowercase)
        && words.split(' ').any(|known| known.as_bytes() == word)
}
