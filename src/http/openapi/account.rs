//! Descriptions: the owner, sessions, tokens, the audit log.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::description::{Description, delete, get, group, post, put};
use crate::http::model::{
    AuditEntry, AuthStatus, CredentialsRequest, LoginRequest, Message, SessionInfo, Token,
    TokenCreated, TokenRequest, UserInfo,
};

/// What the endpoints of the account take and answer.
pub(super) fn descriptions() -> Vec<Description> {
    group(
        "account",
        [
            sign_in(),
            post("/api/logout", "log_out", "End the session of this browser.").answers::<Message>(),
            get("/api/auth/status", "auth_status", "Whether a credential is good.")
                .about("Answers everybody; without a good credential `authenticated` is false.")
                .answers::<AuthStatus>(),
            get("/api/user/me", "who_am_i", "Who asks, and what they may do.")
                .answers::<UserInfo>(),
            put("/api/user/credentials", "change_credentials", "A new name, password, or both.")
                .about("A new password ends all other sessions. No token may do this.")
                .takes::<CredentialsRequest>()
                .answers::<Message>()
                .fails(&[429]),
            get("/api/sessions", "list_sessions", "The browsers that are signed in.")
                .lists::<SessionInfo>(),
            delete("/api/sessions/{session}", "end_session", "Sign a browser out.")
                .answers::<Message>(),
            get("/api/audit", "list_audit", "What was changed, the newest first.")
                .pages::<AuditEntry>(),
            get("/api/tokens", "list_tokens", "All tokens, without their secrets.")
                .lists::<Token>(),
            post("/api/tokens", "create_token", "Make a token.")
                .about("The answer is the only one that ever holds the secret.")
                .takes::<TokenRequest>()
                .creates::<TokenCreated>()
                .fails(&[409]),
            delete("/api/tokens/{token}", "revoke_token", "End a token.").answers::<Message>(),
        ],
    )
}

fn sign_in() -> Description {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let cookie = HeaderBuilder::new().schema(Some(text)).description(Some("The session."));
    post("/api/login", "log_in", "Sign the owner in.")
        .about("The answer sets the cookie of the session, for a day or, remembered, a week.")
        .takes::<LoginRequest>()
        .answers::<Message>()
        .header("Set-Cookie", cookie.build())
        .fails(&[401, 403, 409, 429])
}
