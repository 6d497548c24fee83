//! The placeholders of paths: what each stands for, on whichever path it is.

use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// A placeholder, what it stands for, its pattern (ECMA-262), and an example.
pub(super) const PLACEHOLDERS: [(&str, &str, &str, &str); 8] = [
    (
        "app",
        "Name or id of the app.",
        "^(app_[0-9A-Za-z]{12}|[0-9A-Za-z]+(-[0-9A-Za-z]+)*)$",
        "blog",
    ),
    (
        "release",
        "`live`, or the number of a release: `7` or `v7`.",
        "^(live|v?[0-9]{1,9})$",
        "live",
    ),
    (
        "path",
        "Path of a file from the root of the app. It may contain `/`, as it stands or as `%2F`.",
        "^.+$",
        "index.html",
    ),
    ("upload", "Id of the upload.", "^upl_[0-9A-Za-z]{22}$", "upl_4fzzzxjylrx4fzzzxjylrx"),
    ("session", "Id of the session.", "^[0-9A-Za-z]{12}$", "4fzzzxjylrx4"),
    ("token", "The public half of the token.", "^[0-9A-Za-z]{12}$", "4fzzzxjylrx4"),
    ("key", "Name of the setting.", "^[a-z_.]{1,100}$", "apps.releases_kept"),
    ("domain", "The host name.", "^[^/]+$", "shop.example.org"),
];

/// The placeholders of a pattern, in its order, as parameters.
pub(super) fn of_path(pattern: &str) -> Vec<Parameter> {
    placeholders(pattern)
        .filter_map(|name| PLACEHOLDERS.iter().find(|(known, ..)| *known == name))
        .map(|(name, about, pattern, example)| {
            ParameterBuilder::new()
                .name(*name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(*about))
                .schema(Some(text(pattern)))
                .example(Some((*example).into()))
                .build()
        })
        .collect()
}

fn text(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).min_length(Some(1))
}

/// The names between braces, without what they must match.
pub(super) fn placeholders(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('{').skip(1).filter_map(|rest| rest.split('}').next()?.split(':').next())
}
