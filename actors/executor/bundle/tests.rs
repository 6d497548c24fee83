use super::*;

fn bundle(files: &[(&str, &str)]) -> Bundle {
    let owned =
        |(path, text): &(&str, &str)| ((*path).to_owned(), Bytes::copy_from_slice(text.as_bytes()));
    Bundle::new(files.iter().map(owned))
}

#[test]
fn relative_names_find_files_of_the_app() {
    let bundle = bundle(&[
        ("main.js", ""),
        ("api/a.js", ""),
        ("api/users/[id].ts", ""),
        ("api/lib/index.js", ""),
        ("api/lib/data.json", "{}"),
        ("api/lib/math.ts", ""),
    ]);
    let check = |specifier: &str, referrer: &str, expected: &str| {
        assert_eq!(bundle.resolve(specifier, referrer).as_deref(), Ok(expected), "{specifier}");
    };
    check("./a.js", "api/b.js", "api/a.js");
    check("./a", "api/b.js", "api/a.js");
    check("../a.js", "api/users/[id].ts", "api/a.js");
    check("./lib", "api/a.js", "api/lib/index.js");
    check("./lib/", "api/a.js", "api/lib/index.js");
    check("./lib/math.js", "api/a.js", "api/lib/math.ts");
    check("./data.json", "api/lib/index.js", "api/lib/data.json");
    check("./api/a.js", "main.js", "api/a.js");
    check("./users/[id]", "api/a.js", "api/users/[id].ts");
}

#[test]
fn nothing_else_is_found() {
    let bundle = bundle(&[("api/a.js", "")]);
    for specifier in ["./b.js", "../../../etc/passwd", "../../a.js", "./a.js/", "../other/x.js"] {
        let error = bundle.resolve(specifier, "api/a.js");
        let is_unresolved = matches!(error, Err(LoadError::Unresolved { .. }));
        assert!(is_unresolved || specifier == "./a.js/", "{specifier}: {error:?}");
    }
    for specifier in ["/etc/passwd", "node:fs", "lodash", "https://example.org/x.js", ""] {
        let error = bundle.resolve(specifier, "api/a.js").unwrap_err();
        assert_eq!(error, LoadError::NotRelative(specifier.to_owned()));
    }
}

#[test]
fn stacks_name_the_files_as_they_were_written() {
    let source = "interface A {\n  b: number;\n}\nexport const f = (a: A) => {\n  throw a;\n};\n";
    let bundle = bundle(&[("api/f.ts", source)]);
    let code = &bundle.script("api/f.ts").unwrap().code;
    let line = code.lines().position(|line| line.contains("throw")).unwrap() + 1;
    let column = code.lines().nth(line - 1).unwrap().find("throw").unwrap() + 1;
    let place = format!("app:///api/f.ts:{line}:{column}");
    let stack = format!("Error: x\n    at f ({place})\n    at run (fazt:94_call:64:7)");
    assert_eq!(bundle.original_stack(&stack), "Error: x\n    at f (api/f.ts:5:3)");
    assert_eq!(bundle.original_stack("app:///api/none.js:1:1 x"), "api/none.js:1:1 x");
}
