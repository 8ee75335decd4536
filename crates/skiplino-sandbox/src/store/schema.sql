-- Times are milliseconds since 1970; the *_override columns are null where the opening hours decide.
CREATE TABLE branches (
    id            TEXT PRIMARY KEY,
    name_en       TEXT NOT NULL,
    name_ar       TEXT NOT NULL,
    active        INTEGER NOT NULL,
    -- Digits of the days it opens on: 0 for Sunday to 6 for Saturday.
    days          TEXT NOT NULL,
    -- Minutes since the company's midnight.
    opens         INTEGER NOT NULL,
    closes        INTEGER NOT NULL,
    slots_from    INTEGER NOT NULL,
    slots_to      INTEGER NOT NULL,
    open_override INTEGER
);
CREATE TABLE groups (
    id        TEXT PRIMARY KEY,
    branch_id TEXT NOT NULL REFERENCES branches (id),
    name_en   TEXT NOT NULL,
    name_ar   TEXT NOT NULL
);
CREATE TABLE services (
    id            TEXT PRIMARY KEY,
    group_id      TEXT NOT NULL REFERENCES groups (id),
    name_en       TEXT NOT NULL,
    name_ar       TEXT NOT NULL,
    active        INTEGER NOT NULL,
    appointments  INTEGER NOT NULL,
    minutes       INTEGER NOT NULL,
    capacity      INTEGER NOT NULL DEFAULT 3,
    open_override INTEGER
);
CREATE TABLE customers (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    external_id TEXT UNIQUE,
    name        TEXT,
    email       TEXT,
    mobile      TEXT,
    metadata    TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
);
-- A ticket keeps its customer's id and name after the customer is changed or deleted.
CREATE TABLE tickets (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    number        TEXT NOT NULL,
    status        TEXT NOT NULL,
    status_at     INTEGER NOT NULL,
    time          INTEGER,
    service_id    TEXT NOT NULL REFERENCES services (id),
    customer_id   TEXT,
    customer_name TEXT,
    options       TEXT,
    location      TEXT,
    booked_at     INTEGER NOT NULL,
    -- The place in the queue of the service, counted upwards; null unless it waits.
    place         INTEGER
);
CREATE INDEX tickets_customer ON tickets (customer_id, seq) WHERE customer_id IS NOT NULL;
CREATE INDEX tickets_queue ON tickets (service_id, place) WHERE place IS NOT NULL;
CREATE INDEX tickets_serving ON tickets (service_id) WHERE status = 'serving';
-- Places taken of an appointment slot; a slot without bookings has no row.
CREATE TABLE slots (
    service_id TEXT NOT NULL,
    time       INTEGER NOT NULL,
    taken      INTEGER NOT NULL,
    PRIMARY KEY (service_id, time)
) WITHOUT ROWID;
-- The last ticket number given, by service, day and letter.
CREATE TABLE numbers (
    service_id TEXT NOT NULL,
    day        TEXT NOT NULL,
    letter     TEXT NOT NULL,
    last       INTEGER NOT NULL,
    PRIMARY KEY (service_id, day, letter)
) WITHOUT ROWID;
