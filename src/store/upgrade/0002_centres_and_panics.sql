-- Version 2: what a SIM's service centre was (fault 58), and how often tasks panicked (fault 81).
ALTER TABLE lines ADD COLUMN smsc TEXT;
CREATE TABLE panics (
    task    TEXT PRIMARY KEY,
    count   INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
