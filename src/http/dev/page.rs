//! The page of an app whose folder could not be deployed even once.

use actix_web::HttpResponse;

use super::Problem;

/// Says what is wrong, to browsers and to `curl`. Its script waits for the folder to be mended.
pub(super) fn nothing_yet(problem: &Problem) -> HttpResponse {
    let place = match (&problem.file, problem.line) {
        (Some(file), Some(line)) => format!("<p><code>{}:{line}</code></p>\n", escaped(file)),
        (Some(file), None) => format!("<p><code>{}</code></p>\n", escaped(file)),
        (None, _) => String::new(),
    };
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>Nothing to show yet</title>\n\
         <style>body{{font:16px/1.6 system-ui,sans-serif;max-width:36rem;margin:18vh auto;\
         padding:0 1.5rem;color:#222;background:#fff}}h1{{font-size:1.5rem;margin:0 0 .5rem}}\
         @media(prefers-color-scheme:dark){{body{{color:#ddd;background:#181818}}}}</style>\n\
         </head>\n<body>\n<h1>Nothing to show yet</h1>\n<p>{}</p>\n{place}\
         <p>This page reloads when the folder changes.</p>\n</body>\n</html>\n",
        escaped(&problem.message)
    );
    HttpResponse::ServiceUnavailable().content_type("text/html; charset=utf-8").body(page)
}

/// Text as the content of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
