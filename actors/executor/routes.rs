//! Which file of an app answers which path: files under `api/` are routes.
//!
//! | file | answers |
//! |---|---|
//! | `api/hello.js` | `/api/hello` |
//! | `api/users/index.js` | `/api/users` |
//! | `api/users/[id].js` | `/api/users/7`, with a parameter `id` |
//! | `api/files/[...path].js` | `/api/files/a` and all below, with `path` as `a/b` |
//! | `api/files/[[...path]].js` | `/api/files` too, without a parameter |
//! | `api/main.js`, `api/index.js` | what is left under `/api/`; the second also `/api` first |
//! | `main.js` | every path that is left, in an app without a root `index.html` |
//!
//! At each segment a name wins over a parameter, and that over a rest. Where two files would
//! answer the same, the first in this order does: a file before the `index` of a folder; then
//! `.js`, `.mjs`, `.cjs`, `.ts`, `.mts`, `.cts`; then by path.
//!
//! Never routes: what begins with `_` or a dot, or lies in such a folder or in
//! `node_modules`; `*.test.*`; files of types alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::scripts::{Goal, Language};

/// The file of the original that answers every path.
pub const ROOT_MAIN: &str = "main.js";

/// The routes of one release.
#[derive(Debug, Default)]
pub struct FunctionRoutes {
    /// The first is `/api` itself.
    nodes: Vec<Node>,
    routes: Vec<Route>,
    /// `api/index.*` and `api/main.*`.
    index: Option<Arc<str>>,
    main: Option<Arc<str>>,
    root_main: Option<Arc<str>>,
    conflicts: Vec<RouteConflict>,
}

/// Two files that would answer the same path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConflict {
    /// The one that does.
    pub used: String,
    /// The one that never will.
    pub ignored: String,
}

/// What answers a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMatch<'a> {
    /// Path of the file, from the root of the app.
    pub file: &'a Arc<str>,
    /// What stands in the place of the file's parameters, in their order.
    pub params: Vec<(String, String)>,
}

/// A place in the tree of routes. Numbers are places in the lists of the tree.
#[derive(Debug, Default)]
struct Node {
    named: HashMap<Box<str>, usize>,
    parameter: Option<usize>,
    exact: Option<usize>,
    rest: Option<usize>,
    optional_rest: Option<usize>,
}

#[derive(Debug)]
struct Route {
    file: Arc<str>,
    parameters: Vec<Box<str>>,
}

/// A segment of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Name(&'a str),
    Parameter(&'a str),
    Rest(&'a str),
    OptionalRest(&'a str),
}

impl<'a> Segment<'a> {
    /// Reads a segment. What is no whole parameter is a name, brackets and all, and so is a
    /// rest that is not the last.
    fn read(text: &'a str, is_last: bool) -> Segment<'a> {
        let inside = |text: &'a str, open: &str, close: &str| {
            let name = text.strip_prefix(open)?.strip_suffix(close)?;
            (!name.is_empty() && !name.contains(['[', ']'])).then_some(name)
        };
        let rest = |text: &'a str| inside(text, "[...", "]");
        let optional = |text: &'a str| inside(text, "[[...", "]]");
        match (optional(text), rest(text), inside(text, "[", "]")) {
            (Some(name), ..) if is_last => Segment::OptionalRest(name),
            (None, Some(name), _) if is_last => Segment::Rest(name),
            (None, None, Some(name)) => Segment::Parameter(name),
            _ => Segment::Name(text),
        }
    }

    fn parameter(self) -> Option<&'a str> {
        match self {
            Segment::Name(_) => None,
            Segment::Parameter(name) | Segment::Rest(name) | Segment::OptionalRest(name) => {
                Some(name)
            }
        }
    }
}

impl FunctionRoutes {
    /// The routes of a release with these files, `has_root_index` saying whether one of them
    /// is its `index.html`.
    pub fn new<'a>(
        paths: impl IntoIterator<Item = &'a str>,
        has_root_index: bool,
    ) -> FunctionRoutes {
        let mut routes = FunctionRoutes { nodes: vec![Node::default()], ..Default::default() };
        let mut files: Vec<RouteFile<'a>> = Vec::new();
        let (mut indexes, mut mains) = (BTreeMap::new(), BTreeMap::new());
        for path in paths {
            if path == ROOT_MAIN && !has_root_index {
                routes.root_main = Some(path.into());
            }
            let Some(file) = RouteFile::read(path) else { continue };
            match file.stem {
                "index" => drop(indexes.insert(file.order, file)),
                "main" => drop(mains.insert(file.order, file)),
                _ => files.push(file),
            }
        }
        files.sort_by_key(|file| (file.is_index, file.order, file.path));
        for file in files {
            routes.insert(&file);
        }
        routes.index = routes.first_of(indexes);
        routes.main = routes.first_of(mains);
        routes
    }

    /// What answers a path, which was normalised and decoded before.
    pub fn find(&self, path: &str) -> Option<RouteMatch<'_>> {
        let found = path.strip_prefix("/api").and_then(|rest| self.find_below_api(rest));
        found.or_else(|| self.root_main.as_ref().map(without_parameters))
    }

    /// Files that answer nothing because others come first, and those.
    pub fn conflicts(&self) -> &[RouteConflict] {
        &self.conflicts
    }

    /// The file that answers every path that no other does, if there is one.
    pub fn root_main(&self) -> Option<&str> {
        self.root_main.as_deref()
    }

    /// Whether nothing is answered at all.
    pub fn is_empty(&self) -> bool {
        let files = [&self.index, &self.main, &self.root_main];
        self.routes.is_empty() && files.iter().all(|file| file.is_none())
    }

    fn find_below_api(&self, rest: &str) -> Option<RouteMatch<'_>> {
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let segments: Vec<&str> = match rest.strip_prefix('/') {
            Some(rest) => rest.split('/').collect(),
            None if rest.is_empty() => Vec::new(),
            // `/apis` is another folder.
            None => return None,
        };
        let mut values = Vec::new();
        if let Some(route) = self.walk(0, &segments, &mut values) {
            let route = self.routes.get(route)?;
            let names = route.parameters.iter().map(ToString::to_string);
            return Some(RouteMatch { file: &route.file, params: names.zip(values).collect() });
        }
        let (first, second) = match segments.is_empty() {
            true => (&self.index, &self.main),
            false => (&self.main, &self.index),
        };
        first.as_ref().or(second.as_ref()).map(without_parameters)
    }

    /// Each place of the tree is visited once at most, so this is bounded by its size.
    fn walk(&self, node: usize, segments: &[&str], values: &mut Vec<String>) -> Option<usize> {
        let node = self.nodes.get(node)?;
        let Some((segment, below)) = segments.split_first() else {
            return node.exact.or(node.optional_rest);
        };
        if let Some(next) = node.named.get(*segment)
            && let Some(found) = self.walk(*next, below, values)
        {
            return Some(found);
        }
        if let Some(next) = node.parameter {
            values.push((*segment).to_owned());
            if let Some(found) = self.walk(next, below, values) {
                return Some(found);
            }
            values.pop();
        }
        let rest = node.rest.or(node.optional_rest)?;
        values.push(segments.join("/"));
        Some(rest)
    }

    fn insert(&mut self, file: &RouteFile<'_>) {
        let mut at = 0;
        for segment in &file.segments {
            let new = self.nodes.len();
            let node = &mut self.nodes[at];
            at = match segment {
                Segment::Name(name) => *node.named.entry((*name).into()).or_insert(new),
                Segment::Parameter(_) => *node.parameter.get_or_insert(new),
                // They are the last, and belong to the folder.
                Segment::Rest(_) | Segment::OptionalRest(_) => break,
            };
            if at == new {
                self.nodes.push(Node::default());
            }
        }
        let node = &mut self.nodes[at];
        let slot = match file.segments.last() {
            Some(Segment::Rest(_)) => &mut node.rest,
            Some(Segment::OptionalRest(_)) => &mut node.optional_rest,
            _ => &mut node.exact,
        };
        if let Some(used) = slot.and_then(|used| self.routes.get(used)) {
            let (used, ignored) = (used.file.to_string(), file.path.to_owned());
            self.conflicts.push(RouteConflict { used, ignored });
            return;
        }
        *slot = Some(self.routes.len());
        let parameters = file.segments.iter().filter_map(|segment| segment.parameter());
        let parameters = parameters.map(Into::into).collect();
        self.routes.push(Route { file: file.path.into(), parameters });
    }

    fn first_of(&mut self, files: BTreeMap<u8, RouteFile<'_>>) -> Option<Arc<str>> {
        let mut files = files.into_values();
        let used = files.next()?.path;
        self.conflicts.extend(files.map(|file| {
            let (used, ignored) = (used.to_owned(), file.path.to_owned());
            RouteConflict { used, ignored }
        }));
        Some(used.into())
    }
}

/// Whether a file lies where routes do and is not set apart by its name.
pub fn is_route_path(path: &str) -> bool {
    let Some(below) = path.strip_prefix("api/") else { return false };
    let is_apart = |segment: &str| {
        segment.starts_with(['_', '.']) || segment == "node_modules" || segment.contains(".test.")
    };
    !below.split('/').any(is_apart)
}

fn without_parameters(file: &Arc<str>) -> RouteMatch<'_> {
    RouteMatch { file, params: Vec::new() }
}

/// A file under `api/` that can be a route.
#[derive(Debug)]
struct RouteFile<'a> {
    path: &'a str,
    segments: Vec<Segment<'a>>,
    /// `index` or `main` for those of `api/` itself, which are no routes of the tree.
    stem: &'a str,
    is_index: bool,
    /// The place of its extension.
    order: u8,
}

impl<'a> RouteFile<'a> {
    fn read(path: &'a str) -> Option<RouteFile<'a>> {
        let below = path.strip_prefix("api/").filter(|_| is_route_path(path))?;
        let order = match Language::of(path)? {
            Language::JavaScript(Goal::Either) => 0,
            Language::JavaScript(Goal::Module) => 1,
            Language::JavaScript(Goal::CommonJs) => 2,
            Language::TypeScript(Goal::Either) => 3,
            Language::TypeScript(Goal::Module) => 4,
            Language::TypeScript(Goal::CommonJs) => 5,
            Language::Json | Language::Jsx => return None,
        };
        let (stem, _) = below.rsplit_once('.')?;
        let (folder, name) = stem.rsplit_once('/').map_or((None, stem), |(a, b)| (Some(a), b));
        let is_index = name == "index" && folder.is_some();
        let route = if is_index { folder.unwrap_or_default() } else { stem };
        let last = route.split('/').count() - 1;
        let segments =
            route.split('/').enumerate().map(|(at, text)| Segment::read(text, at == last));
        // `a/[...b]/index.js` would be a rest that is not the file itself: the same thing.
        Some(RouteFile { path, segments: segments.collect(), stem, is_index, order })
    }
}

#[cfg(test)]
mod tests;
