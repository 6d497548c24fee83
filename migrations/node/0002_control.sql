-- The owner's side: sign-in, audit, domains, the names that functions read, and logs.
-- Times are integer milliseconds since 1970, UTC.

-- One row: the person who administers the node.
CREATE TABLE owner (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    username       TEXT    NOT NULL,
    -- Argon2id as a PHC string: algorithm, costs, salt and hash in one.
    password_hash  TEXT    NOT NULL,
    changed_at     INTEGER NOT NULL
) STRICT;

-- Signed-in browsers. The cookie's value is stored as its SHA-256 only.
CREATE TABLE sessions (
    id            TEXT    PRIMARY KEY,
    cookie_sha256 BLOB    NOT NULL UNIQUE,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    address       TEXT    NOT NULL,
    user_agent    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Every change that somebody asked for, whether it was made or refused.
CREATE TABLE audit (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    -- 'socket', 'session', 'token' or 'nobody', and its id.
    kind      TEXT    NOT NULL,
    actor_id  TEXT,
    actor     TEXT    NOT NULL,
    address   TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    app       TEXT,
    -- What else was acted on: a token's id, a setting's key.
    resource  TEXT,
    -- 'ok', or the code of the refusal.
    result    TEXT    NOT NULL,
    details   TEXT
) STRICT;

CREATE INDEX audit_app ON audit (app, at) WHERE app IS NOT NULL;
CREATE INDEX audit_at ON audit (at);

-- Host names of their own that lead to an app.
CREATE TABLE domains (
    host        TEXT    PRIMARY KEY,
    app_id      INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX domains_app ON domains (app_id);

-- What functions read as their environment.
CREATE TABLE env_vars (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id      INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (app_id, name)
) STRICT;

-- What happened to an app, and what its code says.
CREATE TABLE app_logs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id      INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    at          INTEGER NOT NULL,
    level       TEXT    NOT NULL,
    message     TEXT    NOT NULL,
    -- `file:line` of the statement that wrote it, where code did.
    source      TEXT,
    request_id  TEXT
) STRICT;

CREATE INDEX app_logs_app ON app_logs (app_id, id);
