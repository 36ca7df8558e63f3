-- The last run of each job. report is a JSON object of figures, that of the last run that went well; error is '' when
-- the last run did.
CREATE TABLE jobs (
    name TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('never', 'running', 'ok', 'failed', 'interrupted')),
    started_at INTEGER,
    finished_at INTEGER,
    next_due INTEGER,
    report TEXT NOT NULL,
    error TEXT NOT NULL
) STRICT, WITHOUT ROWID;
