use super::*;

#[track_caller]
fn check_shallow(source: &str) {
    let depth = depth(source, 2_000);
    assert!(depth.is_some_and(|depth| depth < 400), "{depth:?}: {}", &source[..40]);
}

#[track_caller]
fn check_deep(source: &str) {
    assert_eq!(depth(source, 2_000), None, "{}", &source[..40]);
}

#[test]
fn ordinary_code_is_shallow_however_long() {
    for statement in [
        "const a = b + c * (d / e);\n",
        "if (a) { b() } else { c() }\n",
        "function f(a = 1, b) { return a / b / 2 }\n",
        "var re = /[(/\"]+/g.test(x), s = 'it\\'s (', t = `a ${b + `${c}`} (`;\n",
        "class A { x = 1; get y() { return this.#z / 2 } }\n",
        "// ((((((((\n/* [[[[[[ */ a = { b: 1, c: [2, 3] };",
        "if (a) b; ",
        "x = a < b, y = 1;",
        "type A = B<C, D<E>>; let f: (a: A) => void;\n",
    ] {
        check_shallow(&statement.repeat(2_000));
    }
    check_shallow(&format!("a = [{}]", "-1.5, {b: !c}, ".repeat(5_000)));
}

#[test]
fn no_reading_of_a_slash_hides_a_bracket() {
    for piece in [
        // Brackets between what could be the ends of a regular expression.
        "a/(b/",
        "a++ /(/",
        "x = {} /(/",
        "if (a) /(/.b(",
        "(/)/(",
        "(/[)]/,",
        "(/\\)/,",
        "(/`/+`${",
        "}/\"/(\"",
        "(//)\n",
        "(/*)*/",
        "(')',",
        "(`)`+",
        "(<!-- )\n",
        "(\n--> )\n",
        "(//\u{2028}",
    ] {
        // A `}` alone cannot be read by any parser, so that nothing is left to follow.
        if !piece.starts_with('}') {
            check_deep(&piece.repeat(5_000));
        }
    }
}

#[test]
fn ambiguity_costs_no_more_than_its_bound() {
    for piece in ["a/[", "a)/(", "a/`", "a/'", "(a/", "a/b", "{}/", "<!--", "/*", "`${/", "'\\\r\n"]
    {
        // Some are refused, some die, some pass: each in the time that the bound gives.

        let _ = depth(&piece.repeat(20_000), 20_000);
    }
}
