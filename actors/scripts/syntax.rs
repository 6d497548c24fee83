//! Checks JavaScript and finds out what kind of script it is.

use oxc_allocator::Allocator;
use oxc_parser::{Parser, ParserReturn};
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;

use super::analysis::{self, Names};
use super::completion;
use super::source_map::SourceMap;
use super::{Goal, Kind, Script, ScriptError, place};

/// Parses a source, `base` being its language. What is no module is the body of a function, so
/// it may say `return`.
pub(super) fn parse<'a>(
    allocator: &'a Allocator,
    source: &'a str,
    base: SourceType,
    goal: Goal,
) -> ParserReturn<'a> {
    let as_body = base.with_commonjs(true);
    let kind = match goal {
        Goal::Either => base.with_unambiguous(true),
        Goal::Module => base.with_module(true),
        Goal::CommonJs => as_body,
    };
    let mut parsed = Parser::new(allocator, source, kind).parse();
    let is_module = goal == Goal::Module || parsed.module_record.has_module_syntax;
    if goal == Goal::Either && !is_module {
        if parsed.diagnostics.has_errors() {
            parsed = Parser::new(allocator, source, as_body).parse();
        }
        parsed.program.source_type = as_body;
    }
    parsed
}

/// Checks JavaScript. `map` says where it stood, if it was made from something else.
pub(super) fn javascript(
    path: &str,
    source: &str,
    goal: Goal,
    map: Option<SourceMap>,
) -> Result<Script, ScriptError> {
    let allocator = Allocator::default();
    let parsed = parse(&allocator, source, SourceType::mjs(), goal);
    if let Some(error) = parsed.diagnostics.errors().next() {
        return Err(place::diagnosed(path, source, error));
    }
    let is_module = parsed.program.source_type.is_module();
    let checked = SemanticBuilder::new()
        .with_check_syntax_error(true)
        .with_build_nodes(true)
        .build(&parsed.program);
    if let Some(error) = checked.diagnostics.errors().next() {
        return Err(place::diagnosed(path, source, error));
    }
    if let Some((span, message)) = analysis::unsupported(&checked.semantic) {
        return Err(place::error(path, source, span.start as usize, message));
    }
    let names = Names::of(&parsed.program, &checked.semantic);
    let script = Script {
        code: String::new(),
        kind: Kind::Module,
        declares_handler: names.declares_handler,
        map,
        map_url: None,
    };
    Ok(if is_module {
        module(script, source, &names)
    } else {
        let returned = completion::of(&parsed.program);
        body(script, path, source, &names, &returned)
    })
}

fn module(script: Script, source: &str, names: &Names) -> Script {
    let mut code = source.to_owned();
    if names.declares_handler && !names.exports {
        // On a line of its own, so that all others stay where they are.
        code.push_str("\nexport { handler as default };\n");
    }
    Script { code, kind: Kind::Module, ..script }
}

/// A script as the body of a function.
fn body(
    script: Script,
    path: &str,
    source: &str,
    names: &Names,
    returned: &[completion::Value],
) -> Script {
    let kind = match (names.is_commonjs, names.declares_handler) {
        (true, _) => Kind::CommonJs,
        (false, true) => Kind::Classic,
        (false, false) => Kind::Legacy,
    };
    let mut code = source.to_owned();
    let mut map = script.map;
    if kind == Kind::Legacy && !returned.is_empty() {
        let edits = completion::edits(source, returned);
        map = Some(SourceMap::after_edits(path, source, &edits, map));
        code = edits.apply(source);
        code.push_str(completion::LAST_LINE);
    }
    if names.declares_handler {
        code.push_str("\nreturn handler;\n");
    }
    if code.starts_with("#!") {
        // A comment as long as the one that only a whole file may begin with.
        code.replace_range(..2, "//");
    }
    Script { code, kind, map, ..script }
}
