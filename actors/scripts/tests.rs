use proptest::prelude::*;

use super::*;

#[track_caller]
fn ready(path: &str, source: &str) -> Script {
    prepare(path, source.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn check_kind(path: &str, source: &str, expect: Kind) {
    assert_eq!(ready(path, source).kind, expect, "{path}: {source}");
}

#[track_caller]
fn check_refused(path: &str, source: &str, expect: &str) {
    let message = prepare(path, source.as_bytes()).unwrap_err().to_string();
    assert!(message.starts_with(expect), "{source}: {message}");
}

#[test]
fn languages_by_extension() {
    fn check(path: &str, expect: Option<Language>) {
        assert_eq!(Language::of(path), expect, "{path}");
    }
    check("api/a.js", Some(Language::JavaScript(Goal::Either)));
    check("api/a.mjs", Some(Language::JavaScript(Goal::Module)));
    check("api/a.cjs", Some(Language::JavaScript(Goal::CommonJs)));
    check("api/a.b.ts", Some(Language::TypeScript(Goal::Either)));
    check("api/a.mts", Some(Language::TypeScript(Goal::Module)));
    check("api/a.cts", Some(Language::TypeScript(Goal::CommonJs)));
    check("api/a.json", Some(Language::Json));
    check("api/a.tsx", Some(Language::Jsx));
    check("api/a.d.ts", None);
    check("api/a.d.mts", None);
    check("api/a.wasm", None);
    check("api/js", None);
    check("api.js/a", None);
}

#[test]
fn kinds_of_scripts() {
    let js = |source: &str, expect| check_kind("api/a.js", source, expect);
    js("export default (req) => 1", Kind::Module);
    js("import x from './x.js'; function handler() { return x }", Kind::Module);
    js("console.log(import.meta.url)", Kind::Module);
    js("const x = await fetch('/'); x", Kind::Module);
    js("import('./x.js').then(respond)", Kind::Legacy);
    js("function handler(req) { return 1 }", Kind::Classic);
    js("async function handler(req) { await 1 }", Kind::Classic);
    js("const handler = async (req) => 1", Kind::Classic);
    js("let a = 1, handler = a", Kind::Classic);
    js("var handler; 5", Kind::Legacy);
    js("{ function handler() {} }", Kind::Legacy);
    js("module.exports = { GET() {} }", Kind::CommonJs);
    js("exports.handler = 1", Kind::CommonJs);
    js("typeof module === 'object' && (module.exports = 1)", Kind::CommonJs);
    js("const lib = require('./lib.js'); respond(lib)", Kind::Legacy);
    js("const module = { exports: 1 }; module.exports", Kind::Legacy);
    js("respond(request.path)", Kind::Legacy);
    js("", Kind::Legacy);
    // What only a sloppy script may say.
    js("with (request) { path }", Kind::Legacy);
    js("var await = 017; <!-- a comment\n await", Kind::Legacy);
    js("if (!request) return 1; 2", Kind::Legacy);
    js("#!/usr/bin/env node\nfunction handler() {}", Kind::Classic);
    check_kind("api/a.mjs", "function handler() {}", Kind::Module);
    check_kind("api/a.cjs", "exports.x = 1; return", Kind::CommonJs);
    check_kind("api/a.json", "{\"a\": [1, 2]}", Kind::Json);
    check_kind("api/a.ts", "type A = 1; function handler(req: A) {}", Kind::Classic);
    let imports_types = "import type { A } from './a'; const handler = (req: A) => 1";
    check_kind("api/a.ts", imports_types, Kind::Classic);
    check_kind("api/a.ts", "import { A } from './a'; const handler = (r: A) => 1", Kind::Classic);
    check_kind("api/a.ts", "import { A } from './a'; const handler = () => A", Kind::Module);
    check_kind("api/a.ts", "export {}; const handler = () => 1", Kind::Module);
    check_kind("api/a.mts", "const handler = () => 1", Kind::Module);
    check_kind("api/a.cts", "import x = require('./x'); export = x", Kind::CommonJs);
}

#[test]
fn javascript_stays_as_it_is() {
    for source in [
        "export default async (req) => {\n\treturn  req ;\n}\n",
        "module.exports = class { #a = 1; static { } }",
        "export const re = /[/\\]]+/v, big = 1_000n; export { re as 'a b' }",
        "using x = open(); module.exports = x",
    ] {
        let script = ready("api/a.js", source);
        assert_eq!(script.code, source);
        assert_eq!(script.map, None);
    }
}

#[test]
fn handlers_are_handed_out() {
    fn check(path: &str, source: &str, expect: &str) {
        let script = ready(path, source);
        assert!(script.declares_handler);
        assert_eq!(script.code, expect);
    }
    check(
        "api/a.js",
        "function handler() {} // end",
        "function handler() {} // end\nreturn handler;\n",
    );
    check(
        "api/a.mjs",
        "const handler = 1 // end",
        "const handler = 1 // end\nexport { handler as default };\n",
    );
    check(
        "api/a.mjs",
        "const handler = 1; export const GET = handler",
        "const handler = 1; export const GET = handler",
    );
    check("api/a.js", "export function handler() {}", "export function handler() {}");
    check(
        "api/a.js",
        "#!/bin/node\nvar handler = 1",
        "///bin/node\nvar handler = 1\nreturn handler;\n",
    );
}

#[test]
fn the_value_of_a_legacy_script_is_kept() {
    fn check(source: &str, expect: &str) {
        let script = ready("api/a.js", source);
        let expect = if script.map.is_some() {
            format!("{expect}{}", completion::LAST_LINE)
        } else {
            expect.to_owned()
        };
        assert_eq!(script.code, expect);
    }
    check("1;", "__fazt_value = (1);");
    check("1", "__fazt_value = (1);");
    check("'a'", "__fazt_value = ('a');");
    check("var a = 1\na\nfunction f() {}", "var a = 1\n__fazt_value = (a);\nfunction f() {}");
    check("a, b", "__fazt_value = (a, b);");
    check("({a: 1})", "__fazt_value = (({a: 1}));");
    check("if (a) b; else c\n", "if (a) __fazt_value = (b); else __fazt_value = (c);\n");
    check(
        "if (a) { b } else if (c) d",
        "if (a) { __fazt_value = (b); } else if (c) __fazt_value = (d);",
    );
    check(
        "try { a } catch { b } finally { c }",
        "try { __fazt_value = (a); } catch { __fazt_value = (b); } finally { c }",
    );
    check(
        "switch (a) { case 1: b; break; default: c }",
        "switch (a) { case 1: __fazt_value = (b); break; default: __fazt_value = (c); }",
    );
    check("for (const a of b) a", "for (const a of b) __fazt_value = (a);");
    check("a => a\n;[1]", "a => a\n;__fazt_value = ([1]);");
    check("x => {}\n", "__fazt_value = (x => {});\n");
    check("var a = 1", "var a = 1");
    check("return 1", "return 1");
}

#[test]
fn places_in_a_legacy_script_are_those_of_its_source() {
    let script = ready("api/a.js", "let a = 1\nif (a) b(); else ü.c()\n");
    let map = script.map.unwrap();
    assert_eq!(
        script.code.lines().nth(1),
        Some("if (a) __fazt_value = (b()); else __fazt_value = (ü.c());")
    );
    let place = |line, column| map.lookup(line, column).map(|place| (place.line, place.column));
    assert_eq!(place(1, 3), None);
    assert_eq!(place(2, 24), Some((2, 8)));
    assert_eq!(place(2, 52), Some((2, 19)));
}

#[test]
fn types_are_taken_out() {
    fn check(source: &str, expect: &str) {
        assert_eq!(ready("api/a.ts", source).code.trim_end(), expect, "{source}");
    }
    check("export const a: number = <any>1 as unknown as number;", "export const a = 1;");
    check(
        "import { type A, b } from './x'; import type { C } from './y'; export const d: A = b!;",
        "import { b } from \"./x\";\nexport const d = b;",
    );
    check(
        "export enum A { B, C = 'c' }",
        "export let A = /* @__PURE__ */ function(A) {\n\tA[A[\"B\"] = 0] = \"B\";\n\t\
         A[\"C\"] = \"c\";\n\treturn A;\n}({});",
    );
    check(
        "export class A { declare x: 1; constructor(private a: string, readonly b = 1) { f() } }",
        "export class A {\n\ta;\n\tb;\n\tconstructor(a, b = 1) {\n\t\tthis.a = a;\n\t\t\
         this.b = b;\n\t\tf();\n\t}\n}",
    );
    check(
        "namespace N { export const a = 1 } export default N.a satisfies number",
        "let N;\n(function(_N) {\n\tconst a = _N.a = 1;\n})(N || (N = {}));\nexport default N.a;",
    );
    check(
        "export abstract class A<T> implements B { abstract x(): void; f?(): void; y!: T }",
        "export class A {\n\ty;\n}",
    );
    check(
        "export function f(this: A, x?: B): x is C { return x?.y ?? 1n ** 2n }",
        "export function f(x) {\n\treturn x?.y ?? 1n ** 2n;\n}",
    );
    check("interface A {} declare const b: A; export = b", "module.exports = b;");
}

#[test]
fn later_javascript_is_left_alone_in_typescript() {
    let source = "export class A { #p = 1; static { this.x = 1; }\n\
        get q() { return #p in this; } }\n\
        export async function* g() { for await (const a of b) yield a?.b; }\n\
        export const t = `a${1}`, o = { ...t, async *m() {} }, c = /(?<n>a)/dv;\n\
        a ||= b;\nawait using r = open();";
    let code = ready("api/a.ts", source).code;
    for part in [
        "#p = 1",
        "static {",
        "#p in this",
        "for await",
        "a?.b",
        "`a${1}`",
        "...t",
        "/dv",
        "a ||= b",
        "await using",
    ] {
        assert!(code.contains(part), "{part}: {code}");
    }
}

#[test]
fn typescript_keeps_its_places() {
    let script = ready(
        "api/a.ts",
        "interface A {\n  x: 1\n}\n\nexport function f(a: A) {\n  throw new Error(a.x)\n}\n",
    );
    let map = script.map.unwrap();
    let line = script.code.lines().position(|line| line.contains("throw")).unwrap();
    let column = script.code.lines().nth(line).unwrap().find("new").unwrap();
    let place = map.lookup(line as u32 + 1, column as u32 + 1).unwrap();
    assert_eq!((place.file, place.line, place.column), ("api/a.ts", 6, 9));
    assert_eq!(ready("api/a.ts", "1 as any").map.unwrap().lookup(1, 17).unwrap().column, 1);
}

#[test]
fn errors_have_a_place_and_a_reason() {
    check_refused("api/a.js", "let a = 1;\nlet a = 2;", "api/a.js:1:5: ");
    check_refused("api/a.js", "export default 1;\nconst ü = (;", "api/a.js:2:12: Unexpected token");
    check_refused("api/a.js", "const a: number = 1", "api/a.js:1:7: ");
    check_refused("api/a.js", "const a = <b/>", "api/a.js:1:11: ");
    check_refused("api/a.js", "'abc", "api/a.js:1:1: Unterminated string");
    check_refused("api/a.js", "export default 1; return 2", "api/a.js:1:19: ");
    check_refused("api/a.js", "class A { f() { this.#x } }", "api/a.js:1:22: ");
    check_refused("api/a.ts", "export const a: = 1", "api/a.ts:1:17: ");
    check_refused("api/a.ts", "export const a = 1;\r\n\r\n  }", "api/a.ts:3:3: ");
    check_refused("api/a.ts", "@d class A {}", "api/a.ts:1:1: decorators are not supported");
    check_refused("api/a.js", "@d class A {}", "api/a.js:1:1: decorators are not supported");
    check_refused("api/a.js", "class A { accessor x }", "api/a.js:1:11: `accessor`");
    check_refused("api/a.tsx", "export default 1", "api/a.tsx:1:1: JSX is not supported");
    check_refused("api/a.json", "{\"a\":\n 1,}", "api/a.json:2:4: this is not JSON: key must be");
    check_refused("api/a.json", "", "api/a.json:1:1: this is not JSON: EOF");
    let error = prepare("api/a.js", b"let a\n = '\xff'").unwrap_err();
    assert_eq!(error.to_string(), "api/a.js:2:5: the file is not UTF-8 text");
    let large = vec![b' '; SOURCE_BYTES_MAX + 1];
    assert!(prepare("api/a.js", &large).unwrap_err().message.contains("is larger than"));
    assert!(prepare("api/a.js", &large[1..]).is_ok());
}

/// Sources that nest `depth` times, in each way that the grammar has.
fn nested(depth: usize) -> Vec<(&'static str, String)> {
    let around = |before: &str, middle: &str, after: &str| {
        format!("{}{middle}{}", before.repeat(depth), after.repeat(depth))
    };
    vec![
        ("a.js", around("(", "1", ")")),
        ("a.js", around("[", "", "]")),
        ("a.js", around("x={a:", "1", "}")),
        ("a.js", around("`${", "1", "}`")),
        ("a.js", around("f(", "", ")")),
        ("a.js", around("{", "", "}")),
        ("a.js", around("if(a)", "b", "")),
        ("a.js", around("if(a)b;else ", "b", "")),
        ("a.js", around("for(;;)", ";", "")),
        ("a.js", around("do ", ";", "while(0);")),
        ("a.js", around("a=>", "1", "")),
        ("a.js", around("(a=", "1", ")=>1")),
        ("a.js", around("function f(){", "", "}")),
        ("a.js", around("class A{f(){", "", "}}")),
        ("a.js", around("class extends ", "B", "{}")),
        ("a.js", around("x=", "1", "")),
        ("a.js", around("a?b:", "c", "")),
        ("a.js", around("!", "1", "")),
        ("a.js", around("typeof ", "1", "")),
        ("a.js", around("new ", "A", "")),
        ("a.js", around("1+", "1", "")),
        ("a.js", around("1**", "1", "")),
        ("a.js", around("", "a", ".b")),
        ("a.js", around("", "a", "()")),
        ("a.js", around("", "a", "``")),
        ("a.js", around("", "a", "[0]")),
        ("a.js", around("[a=", "1", "]")),
        ("a.js", around("async(", "1", ")")),
        ("a.js", around("import(", "1", ")")),
        ("a.js", around("switch(1){default:", "", "}")),
        ("a.js", around("try{", "", "}finally{}")),
        ("a.js", (0..depth).map(|index| format!("l{index}:")).collect::<String>() + ";"),
        ("a.js", around("/a/.b(", "", ")")),
        ("a.js", around("a/(", "1", ")/1")),
        ("a.ts", around("(", "1", ")")),
        ("a.ts", format!("let x: {}", around("A<b,", "C", ">"))),
        ("a.ts", format!("let x: {}", around("(a:", "B", ")=>C"))),
        ("a.ts", format!("let x: {}", around("{a:", "B", "}"))),
        ("a.ts", format!("let x: {}", around("[", "B", "]"))),
        ("a.ts", format!("let x: {}", around("", "B", "[]"))),
        ("a.ts", format!("let x: {}", around("keyof ", "B", ""))),
        ("a.ts", format!("let x: {}", around("A extends B?C:", "B", ""))),
        ("a.ts", around("<T>", "x", "")),
        ("a.ts", around("", "x", "!")),
        ("a.ts", around("", "x", " as T")),
        ("a.ts", around("namespace A{", "", "}")),
        ("a.ts", format!("namespace {}", around("a.", "b", "{}").replace("{}{}", ""))),
    ]
}

#[test]
fn what_nests_too_deeply_is_refused_and_ends_nothing() {
    for (path, source) in nested(100_000) {
        let start = source.chars().take(20).collect::<String>();
        let error = prepare(path, source.as_bytes()).unwrap_err();
        assert!(error.message.contains("nested too deeply"), "{start}: {error}");
    }
}

#[test]
fn what_nests_as_deeply_as_allowed_is_read() {
    // Whether it is right or wrong: the stack is large enough for whatever passes.
    for (path, source) in nested(900).into_iter().chain(nested(6_000)) {
        let _ = prepare(path, source.as_bytes());
        let _ = prepare(path, &source.as_bytes()[..source.len() / 2]);
    }
    let brackets = "(".repeat(900) + "1" + &")".repeat(900);
    assert_eq!(ready("a.js", &brackets).kind, Kind::Legacy);
    let sum = "1+".repeat(15_000) + "1";
    assert_eq!(ready("a.ts", &sum).kind, Kind::Legacy);
}

/// Pieces of sources, put together at random.
const PIECES: &str = "(import|export|default|function|handler|class|enum|if|else|=>|[a-z]\
    |[(){}\\[\\]<>;:,.?!'\"`/\\\\ \n@#$=+-]|\\$\\{|ü|1){0,40}";

/// Extensions of sources.
const PATHS: [&str; 5] = ["a.js", "a.mjs", "a.cjs", "a.ts", "a.cts"];

/// Many cases, and no file of failures beside the source.
fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_source_panics(
        source in PIECES,
        path in prop::sample::select(&PATHS[..]),
    ) {
        let answer = prepare(path, source.as_bytes());
        let unknown = answer.is_err_and(|error| error.message.contains("unknown reason"));
        prop_assert!(!unknown);
    }
}
