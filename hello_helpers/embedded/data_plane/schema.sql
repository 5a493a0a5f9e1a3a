-- The tables of the embedded ArmoniK. One row a session, task, result, partition.
-- Instants are nanoseconds since 1970 (UTC), durations are nanoseconds; NULL means "not yet".
-- Statuses are the numbers of ArmoniK's own enumerations. Lists and maps are JSON text.

CREATE TABLE IF NOT EXISTS session (
    session_id          TEXT PRIMARY KEY,
    status              INTEGER NOT NULL,
    client_submission   INTEGER NOT NULL,
    worker_submission   INTEGER NOT NULL,
    partition_ids       TEXT NOT NULL,          -- JSON list
    max_duration        INTEGER NOT NULL,       -- the default task options, one column a field
    max_retries         INTEGER NOT NULL,
    priority            INTEGER NOT NULL,
    partition_id        TEXT NOT NULL,
    application_name    TEXT NOT NULL,
    application_version TEXT NOT NULL,
    application_namespace TEXT NOT NULL,
    application_service TEXT NOT NULL,
    engine_type         TEXT NOT NULL,
    options             TEXT NOT NULL,          -- JSON map
    created_at          INTEGER NOT NULL,
    cancelled_at        INTEGER,
    closed_at           INTEGER,
    purged_at           INTEGER,
    deleted_at          INTEGER,
    duration            INTEGER
);

-- Whose a session is: the name in the certificate with which it was created, if there was one.
CREATE TABLE IF NOT EXISTS caller (
    session_id          TEXT PRIMARY KEY,
    name                TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS task (
    seq                 INTEGER PRIMARY KEY,    -- order of arrival
    task_id             TEXT NOT NULL UNIQUE,
    session_id          TEXT NOT NULL,
    status              INTEGER NOT NULL,
    owner_pod_id        TEXT NOT NULL DEFAULT '',
    pod_hostname        TEXT NOT NULL DEFAULT '',
    initial_task_id     TEXT NOT NULL,
    created_by          TEXT NOT NULL,
    payload_id          TEXT NOT NULL,
    parent_task_ids     TEXT NOT NULL,          -- JSON list, like the three below
    data_dependencies   TEXT NOT NULL,
    expected_output_ids TEXT NOT NULL,
    retry_of_ids        TEXT NOT NULL DEFAULT '[]',
    max_duration        INTEGER NOT NULL,       -- the merged task options
    max_retries         INTEGER NOT NULL,
    priority            INTEGER NOT NULL,
    partition_id        TEXT NOT NULL,
    application_name    TEXT NOT NULL,
    application_version TEXT NOT NULL,
    application_namespace TEXT NOT NULL,
    application_service TEXT NOT NULL,
    engine_type         TEXT NOT NULL,
    options             TEXT NOT NULL,
    created_at          INTEGER NOT NULL,
    submitted_at        INTEGER,
    received_at         INTEGER,
    acquired_at         INTEGER,
    fetched_at          INTEGER,
    started_at          INTEGER,
    processed_at        INTEGER,
    ended_at            INTEGER,
    pod_ttl             INTEGER,
    creation_to_end_duration   INTEGER,
    processing_to_end_duration INTEGER,
    received_to_end_duration   INTEGER,
    success             INTEGER NOT NULL DEFAULT 1,
    error               TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS task_by_status ON task (session_id, status, partition_id);
CREATE INDEX IF NOT EXISTS task_by_session ON task (session_id);  -- in order of arrival, by seq

-- A task waits for each result listed here: its payload or a data dependency that is not COMPLETED yet.
CREATE TABLE IF NOT EXISTS waiting (
    result_id           TEXT NOT NULL,
    task_id             TEXT NOT NULL,
    PRIMARY KEY (result_id, task_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting_by_task ON waiting (task_id);

CREATE TABLE IF NOT EXISTS result (
    seq                 INTEGER PRIMARY KEY,
    result_id           TEXT NOT NULL UNIQUE,
    session_id          TEXT NOT NULL,
    name                TEXT NOT NULL,
    owner_task_id       TEXT NOT NULL,
    created_by          TEXT NOT NULL,
    status              INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    completed_at        INTEGER,
    size                INTEGER NOT NULL DEFAULT 0,
    opaque_id           BLOB NOT NULL DEFAULT x'',   -- the name of the object that holds the data
    manual_deletion     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS result_by_session ON result (session_id);

-- The data of results, where it is small; large objects are files.
CREATE TABLE IF NOT EXISTS object (
    opaque_id           BLOB PRIMARY KEY,
    data                BLOB NOT NULL
) WITHOUT ROWID;

-- Objects that more than one result may point at (ImportResultsData); all others have one owner.
CREATE TABLE IF NOT EXISTS shared_object (
    opaque_id           BLOB PRIMARY KEY
) WITHOUT ROWID;

-- Rewritten at each start from the configuration.
CREATE TABLE IF NOT EXISTS partition (
    partition_id        TEXT PRIMARY KEY,
    parent_partition_ids TEXT NOT NULL DEFAULT '[]',
    pod_reserved        INTEGER NOT NULL,
    pod_max             INTEGER NOT NULL,
    preemption_percentage INTEGER NOT NULL DEFAULT 0,
    priority            INTEGER NOT NULL DEFAULT 1,
    pod_configuration   TEXT NOT NULL DEFAULT '{}'
);

CREATE VIEW IF NOT EXISTS application AS
    SELECT DISTINCT application_name AS name, application_version AS version,
                    application_namespace AS namespace, application_service AS service
    FROM task;

-- What SQLite shall reckon with when it chooses an index: there are many rows, and a session has
-- many of them. Left to itself it guesses ten, and reads a whole session to find a hundred ids.
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('task', 'task_by_status', '1000000 10000 2000 2000'),
    ('task', 'task_by_session', '1000000 10000'),
    ('result', 'result_by_session', '1000000 10000');
ANALYZE sqlite_schema;
