-- Apps, their releases, and the contents that releases share.
-- Times are integer milliseconds since 1970, UTC.

CREATE TABLE apps (
    -- AUTOINCREMENT here and below: caches are keyed by ids, so none is ever used twice.
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id        TEXT    NOT NULL UNIQUE,
    name             TEXT    NOT NULL,
    live_release_id  INTEGER REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    -- Grows with every change of what the app serves; caches are keyed by it.
    generation       INTEGER NOT NULL DEFAULT 0,
    -- The number of the newest release; numbers are never used twice.
    last_number      INTEGER NOT NULL DEFAULT 0,
    -- Files of releases up to this number are no longer reachable through the live one.
    purged_number    INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    deleted_at       INTEGER
) STRICT;

-- A deleted app frees its name at once.
CREATE UNIQUE INDEX apps_name ON apps (name) WHERE deleted_at IS NULL;
-- Deleting a release asks which app has it live.
CREATE INDEX apps_live_release ON apps (live_release_id);
CREATE INDEX apps_deleted ON apps (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE releases (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    -- NULL, like its number, while the release is not visible: in preparation or doomed.
    app_id         INTEGER REFERENCES apps (id),
    -- NULL while the release is being prepared and nobody can see it.
    number         INTEGER,
    -- 'preparing', 'ready', or 'doomed': on its way out, no longer visible.
    state          TEXT    NOT NULL CHECK (state IN ('preparing', 'ready', 'doomed')),
    file_count     INTEGER NOT NULL,
    size_bytes     INTEGER NOT NULL,
    manifest       TEXT    NOT NULL,
    deployed_by    TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    -- Set once the encodings of all its contents were tried.
    encoded        INTEGER NOT NULL DEFAULT 0,
    -- When another release took its place; NULL while it is live or never was.
    replaced_at    INTEGER
) STRICT;

CREATE UNIQUE INDEX releases_number ON releases (app_id, number) WHERE number IS NOT NULL;
CREATE INDEX releases_app ON releases (app_id);
CREATE INDEX releases_unfinished ON releases (state) WHERE state <> 'ready';
CREATE INDEX releases_unencoded ON releases (id) WHERE encoded = 0;

-- Content-addressed bytes, shared by all apps and releases.
CREATE TABLE contents (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256        BLOB    NOT NULL UNIQUE,
    size_bytes    INTEGER NOT NULL,
    -- Set once all chunks of the identity form are stored.
    complete      INTEGER NOT NULL DEFAULT 0,
    -- NULL until the encodings were tried; then the set of those worth keeping.
    encodings     INTEGER,
    -- When the content was last sent or lost its last release; NULL while one uses it.
    unused_since  INTEGER
) STRICT;

CREATE INDEX contents_unused ON contents (unused_since) WHERE unused_since IS NOT NULL;

CREATE TABLE chunks (
    content_id  INTEGER NOT NULL REFERENCES contents (id),
    encoding    INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    bytes       BLOB    NOT NULL,
    PRIMARY KEY (content_id, encoding, position)
) STRICT;

CREATE TABLE release_files (
    release_id   INTEGER NOT NULL REFERENCES releases (id),
    path         TEXT    NOT NULL,
    content_id   INTEGER NOT NULL REFERENCES contents (id),
    -- When this path got this content; survives releases that leave it alone.
    modified_at  INTEGER NOT NULL,
    PRIMARY KEY (release_id, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX release_files_content ON release_files (content_id);

CREATE TABLE tokens (
    id            TEXT    PRIMARY KEY,
    secret_sha256 BLOB    NOT NULL,
    name          TEXT    NOT NULL,
    scopes        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key    TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
