//! The value of a script: that of the statement that ran last (ECMA-262 14.1 and 19.2.1.1).
//!
//! The body of a function has no such value, so the statements that can be the last are made
//! to keep theirs in a variable. The rest of the source stays as it is, and every line in its
//! place.

use oxc_ast::ast::{Directive, Program, Statement};
use oxc_span::GetSpan;

use super::source_map::Edits;

/// What stands before an expression whose value is kept.
const KEEP: &str = "__fazt_value = (";

/// What the body ends with.
pub(super) const LAST_LINE: &str = "\nvar __fazt_value; return __fazt_value;\n";

/// An expression whose value can be the script's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    start: usize,
    end: usize,
    /// Where its statement ends: behind the `;`, if there is one.
    statement_end: usize,
}

/// The expressions whose value can be the script's, in the order of the source.
pub(super) fn of(program: &Program<'_>) -> Vec<Value> {
    let mut values = Vec::new();
    if !find(&program.body, &mut values)
        && let Some(directive) = program.directives.last()
    {
        values.push(directive_value(directive));
    }
    values.sort_by_key(|value| value.start);
    values
}

/// What is inserted to keep them.
pub(super) fn edits(source: &str, values: &[Value]) -> Edits {
    let mut edits = Edits::default();
    for value in values {
        edits.insert(value.start, KEEP);
        // A `;` that was left out must not go missing: `(…)` goes on where the source ended.
        let has_semicolon =
            source.get(value.end..value.statement_end).is_some_and(|rest| rest.ends_with(';'));
        edits.insert(value.end, if has_semicolon { ")" } else { ");" });
    }
    edits
}

fn directive_value(directive: &Directive<'_>) -> Value {
    let expression = directive.expression.span;
    Value {
        start: expression.start as usize,
        end: expression.end as usize,
        statement_end: directive.span.end as usize,
    }
}

/// Looks for the last statement with a value; whether there is one that surely has one.
fn find(statements: &[Statement<'_>], values: &mut Vec<Value>) -> bool {
    statements.iter().rev().any(|statement| find_in(statement, values))
}

fn find_in(statement: &Statement<'_>, values: &mut Vec<Value>) -> bool {
    match statement {
        Statement::ExpressionStatement(statement) => {
            let expression = statement.expression.span();
            values.push(Value {
                start: expression.start as usize,
                end: expression.end as usize,
                statement_end: statement.span.end as usize,
            });
            true
        }
        Statement::BlockStatement(block) => find(&block.body, values),
        Statement::IfStatement(branch) => {
            find_in(&branch.consequent, values);
            if let Some(alternate) = &branch.alternate {
                find_in(alternate, values);
            }
            true
        }
        Statement::TryStatement(attempt) => {
            find(&attempt.block.body, values);
            if let Some(handler) = &attempt.handler {
                find(&handler.body.body, values);
            }
            true
        }
        Statement::SwitchStatement(switch) => {
            for case in &switch.cases {
                find(&case.consequent, values);
            }
            true
        }
        Statement::LabeledStatement(labelled) => find_in(&labelled.body, values),
        Statement::WithStatement(with) => find_in(&with.body, values),
        Statement::ForStatement(each) => kept(&each.body, values),
        Statement::ForInStatement(each) => kept(&each.body, values),
        Statement::ForOfStatement(each) => kept(&each.body, values),
        Statement::WhileStatement(each) => kept(&each.body, values),
        Statement::DoWhileStatement(each) => kept(&each.body, values),
        Statement::ReturnStatement(_) | Statement::ThrowStatement(_) => true,
        // Declarations, `break` and `;` have no value: that of the statement before counts.
        _ => false,
    }
}

/// A loop has a value even if its body has none.
fn kept(body: &Statement<'_>, values: &mut Vec<Value>) -> bool {
    find_in(body, values);
    true
}
