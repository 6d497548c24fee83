//! What a script names at its top level, and what in it no engine of ours reads.

use oxc_ast::AstKind;
use oxc_ast::ast::{Declaration, Function, Program, Statement, VariableDeclaration};
use oxc_semantic::Semantic;
use oxc_span::{GetSpan, Span};

/// The name of a classic handler.
const HANDLER: &str = "handler";

/// The names that decide how a script is run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Names {
    /// A function, or a variable with a value.
    pub(super) declares_handler: bool,
    /// Whether it has an `export`.
    pub(super) exports: bool,
    /// Whether it uses a `module` or `exports` that it does not declare.
    pub(super) is_commonjs: bool,
}

impl Names {
    /// Looks at the top level of a program.
    pub(super) fn of(program: &Program<'_>, semantic: &Semantic<'_>) -> Names {
        let mut names = Names::default();
        for statement in &program.body {
            match statement {
                Statement::FunctionDeclaration(function) => {
                    names.declares_handler |= is_handler(function);
                }
                Statement::VariableDeclaration(variables) => {
                    names.declares_handler |= gives_handler(variables);
                }
                Statement::ExportDeclaration(export) => {
                    names.exports = true;
                    names.declares_handler |= match &export.declaration {
                        Declaration::FunctionDeclaration(function) => is_handler(function),
                        Declaration::VariableDeclaration(variables) => gives_handler(variables),
                        _ => false,
                    };
                }
                Statement::ExportNamedDeclaration(_)
                | Statement::ExportFromDeclaration(_)
                | Statement::ExportDefaultDeclaration(_)
                | Statement::ExportAllDeclaration(_) => names.exports = true,
                _ => {}
            }
        }
        let unresolved = semantic.scoping().root_unresolved_references();
        names.is_commonjs =
            unresolved.keys().any(|name| matches!(name.as_str(), "module" | "exports"));
        names
    }
}

fn is_handler(function: &Function<'_>) -> bool {
    function.id.as_ref().is_some_and(|id| id.name == HANDLER)
}

fn gives_handler(variables: &VariableDeclaration<'_>) -> bool {
    variables.declarations.iter().any(|variable| {
        let is_handler = variable.id.get_identifier_name().is_some_and(|name| name == HANDLER);
        is_handler && variable.init.is_some()
    })
}

/// The first thing that parses and that no engine runs: decorators (TC39, stage 3) and what
/// belongs to them.
pub(super) fn unsupported(semantic: &Semantic<'_>) -> Option<(Span, &'static str)> {
    semantic.nodes().iter().find_map(|node| match node.kind() {
        AstKind::Decorator(_) => Some((
            node.kind().span(),
            "decorators are not supported; call the function yourself, or compile them first",
        )),
        AstKind::AccessorProperty(_) => Some((
            node.kind().span(),
            "`accessor` fields are not supported; write a getter and a setter",
        )),
        _ => None,
    })
}
