//! Takes the types out of TypeScript.

use std::path::{Path, PathBuf};

use oxc_allocator::Allocator;
use oxc_ast::ast::{Program, Statement};
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use oxc_transformer::{Module, TransformOptions, Transformer};

use super::source_map::SourceMap;
use super::{Goal, ScriptError, analysis, place, syntax};

/// JavaScript that was TypeScript.
pub(super) struct Stripped {
    pub(super) code: String,
    pub(super) map: SourceMap,
    /// What it is, now that it has lost imports of mere types.
    pub(super) goal: Goal,
}

/// Makes JavaScript of a TypeScript file.
pub(super) fn strip(path: &str, source: &str, goal: Goal) -> Result<Stripped, ScriptError> {
    let allocator = Allocator::default();
    let mut parsed = syntax::parse(&allocator, source, SourceType::ts(), goal);
    if let Some(error) = parsed.diagnostics.errors().next() {
        return Err(place::diagnosed(path, source, error));
    }
    let program = &mut parsed.program;
    let checked = SemanticBuilder::new()
        .with_check_syntax_error(true)
        .with_build_nodes(true)
        .with_enum_eval(true)
        .with_excess_capacity(2.0)
        .build(program);
    if let Some(error) = checked.diagnostics.errors().next() {
        return Err(place::diagnosed(path, source, error));
    }
    if let Some((span, message)) = analysis::unsupported(&checked.semantic) {
        return Err(place::error(path, source, span.start as usize, message));
    }
    let is_commonjs = !program.source_type.is_module();
    let mut options = TransformOptions::default();
    options.env.module = if is_commonjs { Module::CommonJS } else { Module::Preserve };
    let scoping = checked.semantic.into_scoping();
    let done = Transformer::new(&allocator, Path::new(path), &options)
        .build_with_scoping(scoping, program);
    if let Some(error) = done.diagnostics.errors().next() {
        return Err(place::diagnosed(path, source, error));
    }
    if is_commonjs {
        // It is as strict as its author wrote it.
        program.directives.retain(|directive| !directive.span.is_empty());
    }
    drop_made_up_export(program);
    let generated = Codegen::new()
        .with_options(CodegenOptions {
            source_map_path: Some(PathBuf::from(path)),
            ..CodegenOptions::default()
        })
        .build(program);
    let map = generated.map.map(|map| SourceMap::from_tokens(&map)).unwrap_or_default();
    Ok(Stripped { code: generated.code, map, goal })
}

/// Takes back the `export {}` that stands for imports which were types. Without them a file
/// that has no other module syntax is a classic handler like any other.
fn drop_made_up_export(program: &mut Program<'_>) {
    program.body.retain(|statement| match statement {
        Statement::ExportNamedDeclaration(export) => {
            !(export.specifiers.is_empty() && export.span.is_empty())
        }
        _ => true,
    });
}
