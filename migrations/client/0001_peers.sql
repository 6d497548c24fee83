-- The client's own file: the nodes that this machine's command line knows.
-- Times are milliseconds since 1970 in UTC.

CREATE TABLE peers (
    name       TEXT    NOT NULL PRIMARY KEY,
    -- Origin of the node's admin host, such as https://admin.example.org: no slash at its end.
    url        TEXT    NOT NULL,
    -- fazt_<id>_<secret>; null for a peer that is only read in public.
    token      TEXT,
    -- 1 for the peer that commands act on when none is named.
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    -- 1 where `fazt server start` wrote the entry and may write it again.
    managed    INTEGER NOT NULL DEFAULT 0 CHECK (managed IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- At most one default.
CREATE UNIQUE INDEX peers_default ON peers (is_default) WHERE is_default = 1;
-- A URL on the command line finds its token.
CREATE INDEX peers_url ON peers (url);
