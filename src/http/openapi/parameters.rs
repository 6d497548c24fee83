//! The placeholders of paths: what each stands for, on whichever path it is.

use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// A name in braces.
pub(super) struct Placeholder {
    pub(super) name: &'static str,
    about: &'static str,
    /// What it matches: a regular expression of ECMA-262.
    pattern: &'static str,
    chars_max: usize,
    example: &'static str,
}

/// Every placeholder of the table of endpoints.
pub(super) const PLACEHOLDERS: [Placeholder; 8] = [
    Placeholder {
        name: "app",
        about: "Name or id of the app.",
        pattern: "^(app_[0-9A-Za-z]{12}|[0-9A-Za-z]+(-[0-9A-Za-z]+)*)$",
        chars_max: 63,
        example: "blog",
    },
    Placeholder {
        name: "release",
        about: "`live`, or the number of a release: `7` or `v7`.",
        pattern: "^(live|v?[0-9]{1,9})$",
        chars_max: 10,
        example: "live",
    },
    Placeholder {
        name: "path",
        about: "Path of a file from the root of the app. It may contain `/`, as it stands or as \
                `%2F`.",
        pattern: "^.+$",
        chars_max: 512,
        example: "index.html",
    },
    Placeholder {
        name: "upload",
        about: "Id of the upload.",
        pattern: "^upl_[0-9A-Za-z]{22}$",
        chars_max: 26,
        example: "upl_4fzzzxjylrx4fzzzxjylrx",
    },
    Placeholder {
        name: "session",
        about: "Id of the session.",
        pattern: "^[0-9A-Za-z]{12}$",
        chars_max: 12,
        example: "4fzzzxjylrx4",
    },
    Placeholder {
        name: "token",
        about: "The public half of the token.",
        pattern: "^[0-9A-Za-z]{12}$",
        chars_max: 12,
        example: "4fzzzxjylrx4",
    },
    Placeholder {
        name: "key",
        about: "Name of the setting.",
        pattern: "^[a-z_.]+$",
        chars_max: 100,
        example: "apps.releases_kept",
    },
    Placeholder {
        name: "domain",
        about: "The host name.",
        pattern: "^[^/]+$",
        chars_max: 253,
        example: "shop.example.org",
    },
];

/// The placeholders of a pattern, in its order, as parameters.
pub(super) fn of_path(pattern: &str) -> Vec<Parameter> {
    placeholders(pattern)
        .filter_map(|name| PLACEHOLDERS.iter().find(|known| known.name == name))
        .map(|placeholder| {
            let text = ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some(placeholder.pattern))
                .min_length(Some(1))
                .max_length(Some(placeholder.chars_max));
            ParameterBuilder::new()
                .name(placeholder.name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(placeholder.about))
                .schema(Some(text))
                .example(Some(placeholder.example.into()))
                .build()
        })
        .collect()
}

/// The names between braces, without what they must match.
pub(super) fn placeholders(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('{').skip(1).filter_map(|rest| rest.split('}').next()?.split(':').next())
}
