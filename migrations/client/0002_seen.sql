-- What the user says of a peer, and what was last seen of it.
-- Times are milliseconds since 1970 in UTC.

ALTER TABLE peers ADD COLUMN description TEXT;
-- When the node last answered; null until it has.
ALTER TABLE peers ADD COLUMN last_seen_at INTEGER;
-- Version that it named then; null where it named none.
ALTER TABLE peers ADD COLUMN last_version TEXT;
-- How the last look at it ended: healthy, degraded, token refused or unreachable.
ALTER TABLE peers ADD COLUMN last_status TEXT;

-- Lists of nodes that were taken over from other files. Each is read once, so that peers
-- which the user removes do not come back.
CREATE TABLE imports (
    source      TEXT    NOT NULL PRIMARY KEY,
    imported_at INTEGER NOT NULL
) STRICT;
