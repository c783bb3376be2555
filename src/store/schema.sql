-- What simgate remembers, version 2.
--
-- Times are milliseconds since 1970 in UTC. Booleans are 0 or 1. Words in CHECK lists are those of
-- the API; in tables that are written with every text they are compared one by one, because SQLite
-- builds a longer IN list anew for each row. Rows are written by one connection only, so ids grow in
-- the order of their commits.
-- A change here is a numbered step in upgrade/ as well; tests compare the two ways to get here.

-- A line is a SIM card. Conversations, queue and counts stay with it when it moves to another modem.
CREATE TABLE lines (
    id          INTEGER PRIMARY KEY,
    iccid       TEXT UNIQUE,             -- the card; digits without fill (ITU-T E.118)
    imsi        TEXT,                    -- the subscription; stands in for a card that hides its ICCID
    number      TEXT,                    -- own number in E.164, from the SIM or from a person
    name        TEXT NOT NULL,           -- its operator's name until a person names it
    named       INTEGER NOT NULL DEFAULT 0 CHECK (named IN (0, 1)), -- 1: a person did, keep it
    operator    TEXT,                    -- last network it was seen in
    smsc        TEXT,                    -- its service centre, put back when the SIM has none (fault 58)
    country     TEXT,                    -- two letters; how national numbers are read
    sms         TEXT NOT NULL DEFAULT 'on' CHECK (sms IN ('on', 'pending_on', 'off', 'pending_off')),
    created_at  INTEGER NOT NULL,
    -- What people set. JSON columns hold what the engine's types of the same name read.
    tags            TEXT NOT NULL DEFAULT '[]', -- JSON list of words, shown in every forward
    response_recipient INTEGER REFERENCES users (id) ON DELETE SET NULL, -- relays by SMS go there
    relay           TEXT NOT NULL DEFAULT '{}', -- JSON: engine::relay::RelayRules, other recipients too
    response_emails TEXT NOT NULL DEFAULT '[]', -- JSON list of addresses
    claim_policy    TEXT CHECK (claim_policy IN ('off', 'soft', 'strict')), -- NULL: as suggested (C6)
    participants_reply INTEGER NOT NULL DEFAULT 0 CHECK (participants_reply IN (0, 1)),
    claims_idle     INTEGER,             -- minutes after which an idle claim is given back; NULL: the gateway's
    notify          INTEGER CHECK (notify IN (0, 1)), -- 1: users are told, so there must be some (S105); 0: switched off; NULL: not set up
    quiet_hours     TEXT,                -- JSON: engine::quiet::QuietHours, 'null' for none; NULL: shipped ones for marketing
    texts           TEXT NOT NULL DEFAULT '{}', -- JSON: engine::texts::Texts
    help_contact    TEXT NOT NULL DEFAULT '',   -- how people reach us; the answer to HELP
    business_hours  TEXT,                -- JSON: engine::hours::BusinessHours; NULL: always attended
    international   INTEGER NOT NULL DEFAULT 0 CHECK (international IN (0, 1)),
    short_codes     TEXT NOT NULL DEFAULT '[]', -- JSON list of short codes that may be written to
    limits          TEXT NOT NULL DEFAULT '{}', -- JSON: engine::limits::Limits
    consent         TEXT NOT NULL DEFAULT '{}', -- JSON: engine::consent::Settings
    show_codes      INTEGER NOT NULL DEFAULT 0 CHECK (show_codes IN (0, 1)), -- forwards show one-time codes
    -- Brand or campaign registration, where the country asks for one (S98).
    registration    TEXT NOT NULL DEFAULT 'not_needed'
                    CHECK (registration IN ('not_needed', 'needed', 'pending', 'registered')),
    -- What the sender learns.
    counted_from    INTEGER NOT NULL DEFAULT 0, -- TP-MR from before then tells nothing about later ones
    slowed          INTEGER NOT NULL DEFAULT 0, -- how often the pace is halved (fault 59)
    slowed_at       INTEGER,             -- since when; a day takes one back
    CHECK (iccid IS NOT NULL OR imsi IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX lines_by_imsi ON lines (imsi) WHERE iccid IS NULL;
CREATE INDEX lines_by_recipient ON lines (response_recipient);

-- Who is told about new texts on a line (S103..S112); 1 to 5 rows a line, or none at all.
CREATE TABLE notified_users (
    line_id INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    sms     INTEGER NOT NULL CHECK (sms IN (0, 1)),
    email   INTEGER NOT NULL CHECK (email IN (0, 1)),
    push    INTEGER NOT NULL DEFAULT 0 CHECK (push IN (0, 1)),
    urgency TEXT CHECK (urgency IN ('now', 'batch')), -- NULL: the engine's default
    PRIMARY KEY (line_id, user_id),
    CHECK (sms OR email OR push)
) STRICT, WITHOUT ROWID;
CREATE INDEX notified_users_by_user ON notified_users (user_id);

-- People of ours: with a role to sign in by, or only notified (S108).
CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    first_name    TEXT NOT NULL,
    last_name     TEXT NOT NULL DEFAULT '',
    email         TEXT NOT NULL DEFAULT '',
    phone         TEXT,                  -- E.164; never told to a customer (S15)
    role          TEXT NOT NULL CHECK (role IN ('admin', 'agent', 'viewer', 'notified')),
    active        INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    duty          INTEGER NOT NULL DEFAULT 1 CHECK (duty IN (0, 1)), -- 0: relays go to the next recipient
    paused        INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)), -- 1: texted STOP to us (E20)
    team          TEXT,                  -- conversations can be given to a team
    password      TEXT,                  -- Argon2id in PHC form; NULL: no login by password
    mail_quota    INTEGER NOT NULL DEFAULT 0, -- texts they may start by mail within a day
    pin           TEXT,                  -- Argon2id in PHC form; asked for by links in notices
    unread_from   INTEGER NOT NULL DEFAULT 0, -- texts up to this message are no news to them
    created_at    INTEGER NOT NULL
) STRICT;
-- An address signs in one account; people who are only notified may share one.
CREATE UNIQUE INDEX users_by_email ON users (email COLLATE NOCASE) WHERE email <> '' AND role <> 'notified';
CREATE INDEX users_by_phone ON users (phone);

-- A modem is a device. What it said last; the truth is in the device.
CREATE TABLE modems (
    id           INTEGER PRIMARY KEY,
    identity     TEXT NOT NULL UNIQUE,   -- its IMEI, or 'port:' and the port when it tells none
    imei         TEXT,
    port         TEXT,                   -- last port it was opened on
    baud         INTEGER,                -- the line speed it answered at; NULL: it has none of its own
    profile      TEXT,                   -- name of the modem family
    maker        TEXT,
    model        TEXT,
    firmware     TEXT,
    line_id      INTEGER REFERENCES lines (id) ON DELETE SET NULL, -- the SIM in it now
    state        TEXT NOT NULL DEFAULT 'closed', -- the driver's state, in its words
    operator     TEXT,
    registration TEXT,                   -- home, roaming, searching, denied, ...
    signal_dbm   INTEGER,
    bars         INTEGER,                -- 0 to 5
    storage      TEXT,                   -- fullest storage: SM, ME, MT or SR
    storage_used INTEGER,
    storage_total INTEGER,
    note         TEXT,                   -- what a person should know: blocked, wrong PIN, weak power
    last_seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX modems_by_line ON modems (line_id);

-- The last week of a modem, for the page that shows it.
CREATE TABLE modem_history (
    modem_id INTEGER NOT NULL REFERENCES modems (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,
    dbm      INTEGER                     -- signal strength; NULL: it had to be recovered
) STRICT;
CREATE INDEX modem_history_by_modem ON modem_history (modem_id, at);

-- One remote address across all own lines (E130..E134).
CREATE TABLE conversations (
    id              INTEGER PRIMARY KEY,
    key             TEXT NOT NULL UNIQUE, -- Number::key(): E.164, 's:' short code, 'a:' name
    line_id         INTEGER REFERENCES lines (id), -- last used; where an answer goes out
    unread          INTEGER NOT NULL DEFAULT 0,    -- inbound texts since somebody looked
    answered        INTEGER NOT NULL DEFAULT 1 CHECK (answered IN (0, 1)), -- 0: the last word is theirs
    last_message_id INTEGER,             -- newest message shown in the inbox
    last_message_at INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    owner_id        INTEGER REFERENCES users (id) ON DELETE SET NULL, -- who has claimed it
    owner_active_at INTEGER,             -- when the owner last did anything here (E122)
    team            TEXT,                -- the team it was given to
    flag            TEXT,                -- for follow-up, with a word why (S69)
    closed          INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    tags            TEXT NOT NULL DEFAULT '[]', -- JSON list of words
    possible_opt_out INTEGER NOT NULL DEFAULT 0 CHECK (possible_opt_out IN (0, 1)), -- a person decides (E81)
    -- 1: with a member of staff's own phone; kept out of the tabs (E1).
    internal        INTEGER NOT NULL DEFAULT 0 CHECK (internal IN (0, 1)),
    -- Texts and notes up to these were with an earlier owner of the number (E137).
    since_message_id INTEGER NOT NULL DEFAULT 0,
    since_note_id    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX conversations_by_time ON conversations (last_message_at, id);
CREATE INDEX conversations_by_state ON conversations (internal, closed, last_message_at, id);
CREATE INDEX conversations_by_text ON conversations (last_message_id) WHERE internal = 0;
CREATE INDEX conversations_counted ON conversations (closed, owner_id) WHERE internal = 0 AND last_message_id IS NOT NULL;
CREATE INDEX conversations_by_owner ON conversations (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX conversations_tagged ON conversations (tags) WHERE tags <> '[]';
CREATE INDEX conversations_flagged ON conversations (flag, last_message_at) WHERE flag IS NOT NULL;

-- Which lines a conversation was ever on: the filter by line (S146).
CREATE TABLE conversation_lines (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    line_id         INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
    PRIMARY KEY (conversation_id, line_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_lines_by_line ON conversation_lines (line_id);

-- Who takes part in a conversation without owning it (C7).
CREATE TABLE participants (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX participants_by_user ON participants (user_id);

-- How far each user has read each conversation (E128).
CREATE TABLE reads (
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    read_to         INTEGER NOT NULL,    -- newest message they have seen
    PRIMARY KEY (user_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reads_by_conversation ON reads (conversation_id);

-- Where something may be news to a user: a row comes with a text and goes when they look. How much is
-- news is counted from the texts; this only spares the look at every conversation.
CREATE TABLE news (
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX news_by_conversation ON news (conversation_id);

-- What staff write about a conversation; never sent.
CREATE TABLE notes (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author_kind     TEXT NOT NULL,
    author_id       TEXT,
    text            TEXT NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_by_conversation ON notes (conversation_id, id);

-- What was done to a conversation and by whom; shown among its texts.
CREATE TABLE happenings (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL CHECK (kind IN ('claimed', 'released', 'given', 'team', 'closed',
                                                  'reopened', 'flagged', 'unflagged', 'joined', 'left')),
    author_kind     TEXT,                -- NULL: by itself
    author_id       TEXT,
    user_id         INTEGER REFERENCES users (id) ON DELETE SET NULL, -- to whom; who joined or left
    word            TEXT,                -- the flag's word, the team
    at              INTEGER NOT NULL
) STRICT;
CREATE INDEX happenings_by_conversation ON happenings (conversation_id, at);
CREATE INDEX happenings_by_user ON happenings (user_id) WHERE user_id IS NOT NULL;

-- Texts begun and not sent (S82); one for each writer and conversation.
CREATE TABLE drafts (
    author          TEXT NOT NULL,       -- whose: 'user:3', as in idempotency.scope
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    text            TEXT NOT NULL,
    line_id         INTEGER REFERENCES lines (id) ON DELETE SET NULL, -- the sender chosen
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (author, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_by_conversation ON drafts (conversation_id);
CREATE INDEX drafts_by_line ON drafts (line_id) WHERE line_id IS NOT NULL;

-- Links in notices: each opens one conversation once, for one user (C20).
CREATE TABLE thread_links (
    hash            BLOB PRIMARY KEY,    -- SHA-256 of the secret in the link
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    used_at         INTEGER,
    wrong_pins      INTEGER NOT NULL DEFAULT 0 -- a few, and it opens nothing any more
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_links_by_user ON thread_links (user_id);
CREATE INDEX thread_links_by_conversation ON thread_links (conversation_id);

-- Links in mails to the author of a held text: each decides about that text once (C6, E58, E60).
CREATE TABLE held_links (
    hash       BLOB PRIMARY KEY,         -- SHA-256 of the secret in the link
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE, -- the text that waits
    author     TEXT NOT NULL,            -- the address it was mailed to
    user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE, -- the author's account, if any
    takes_over INTEGER NOT NULL CHECK (takes_over IN (0, 1)), -- 1: and takes the conversation over
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    wrong_pins INTEGER NOT NULL DEFAULT 0 -- a few, and it decides nothing any more
) STRICT, WITHOUT ROWID;
CREATE INDEX held_links_by_message ON held_links (message_id);
CREATE INDEX held_links_by_user ON held_links (user_id);

-- People and organisations in the address book.
CREATE TABLE contacts (
    id         INTEGER PRIMARY KEY,
    first_name TEXT NOT NULL DEFAULT '',
    last_name  TEXT NOT NULL DEFAULT '',
    language   TEXT,                     -- ISO 639 code
    fields     TEXT NOT NULL DEFAULT '{}', -- JSON object of texts, for templates
    notes      TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    merged_into INTEGER REFERENCES contacts (id) ON DELETE SET NULL -- shown as part of that one; undone by NULL (E136)
) STRICT;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;

-- Two contacts may share a number (E99); the older one names the conversation.
CREATE TABLE contact_numbers (
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,         -- the first is written to when nobody says which
    key        TEXT NOT NULL,            -- Number::key()
    PRIMARY KEY (contact_id, position),
    UNIQUE (key, contact_id)
) STRICT, WITHOUT ROWID;

-- Search by words of names, folding case and accents.
CREATE VIRTUAL TABLE contacts_fts USING fts5 (
    first_name, last_name, content = 'contacts', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO contacts_fts (contacts_fts, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER contacts_fts_insert AFTER INSERT ON contacts BEGIN
    INSERT INTO contacts_fts (rowid, first_name, last_name) VALUES (new.id, new.first_name, new.last_name);
END;
CREATE TRIGGER contacts_fts_delete AFTER DELETE ON contacts BEGIN
    INSERT INTO contacts_fts (contacts_fts, rowid, first_name, last_name)
    VALUES ('delete', old.id, old.first_name, old.last_name);
END;
CREATE TRIGGER contacts_fts_update AFTER UPDATE OF first_name, last_name ON contacts BEGIN
    INSERT INTO contacts_fts (contacts_fts, rowid, first_name, last_name)
    VALUES ('delete', old.id, old.first_name, old.last_name);
    INSERT INTO contacts_fts (rowid, first_name, last_name) VALUES (new.id, new.first_name, new.last_name);
END;

-- Texts that people insert and send again and again.
CREATE TABLE templates (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE COLLATE NOCASE,
    text       TEXT NOT NULL,            -- engine::template
    class      TEXT NOT NULL CHECK (class IN ('service', 'marketing')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Keyword rules, as engine::keyword reads them.
CREATE TABLE rules (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    enabled    INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    position   INTEGER NOT NULL,         -- lower ones first
    lines      TEXT NOT NULL DEFAULT '[]', -- JSON list of line ids; all, when empty
    conditions TEXT NOT NULL,            -- JSON: engine::keyword::When
    actions    TEXT NOT NULL,            -- JSON list of engine::keyword::Then
    goes_on    INTEGER NOT NULL DEFAULT 0 CHECK (goes_on IN (0, 1)), -- later rules are looked at too
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rules_in_order ON rules (position, id);

-- Questions that can be put to people: polls, ratings, confirmations.
CREATE TABLE prompts (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('poll', 'rating', 'confirm')),
    text       TEXT NOT NULL,            -- the question as sent; a template
    grammar    TEXT NOT NULL,            -- JSON: engine::prompt::Grammar
    outcomes   TEXT NOT NULL DEFAULT '{}', -- JSON object: value, low, middle, high or * -> engine::keyword::Then
    revote     INTEGER NOT NULL DEFAULT 1 CHECK (revote IN (0, 1)), -- 1: the last answer counts
    hint       TEXT,                     -- sent once to an answer that cannot be counted
    opens_at   INTEGER,                  -- not put before; NULL: at once
    closes_at  INTEGER,                  -- no answer counts after
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Who changed what; each row seals the ones before it. Holds no texts and no numbers.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   TEXT,
    action     TEXT NOT NULL,            -- a word such as contact.changed
    subject    TEXT,                     -- its id
    detail     TEXT NOT NULL,            -- JSON: names of fields, never their values
    hash       BLOB NOT NULL             -- SHA-256 of the row before and of this row
) STRICT;
CREATE INDEX audit_by_action ON audit (action, id);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE (ABORT, 'the audit log is only appended to');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN
    SELECT RAISE (ABORT, 'the audit log is only appended to');
END;

-- Texts that were not taken: who tried, for whom and why, never their words. The newest ten thousand.
CREATE TABLE refusals (
    id          INTEGER PRIMARY KEY,
    way         TEXT NOT NULL,           -- how it came: message, batch, bulk, prompt, page, mail, relay
    author_kind TEXT NOT NULL,
    author_id   TEXT,
    line_id     INTEGER REFERENCES lines (id) ON DELETE SET NULL, -- NULL: none was found
    number_key  TEXT NOT NULL,           -- Number::key(); '' when no number could be read
    class       TEXT NOT NULL,           -- as asked for
    code        TEXT NOT NULL,           -- the stable word of the API
    trace       TEXT NOT NULL,           -- JSON: why, step by step
    times       INTEGER NOT NULL DEFAULT 1, -- the same within an hour is counted
    first_at    INTEGER NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX refusals_by_number ON refusals (number_key, code, id);
CREATE INDEX refusals_by_line ON refusals (line_id) WHERE line_id IS NOT NULL;

-- Numbers that were erased while opted out: salted hashes, so that nobody writes to them again (E103).
CREATE TABLE suppressions (
    hash BLOB PRIMARY KEY,               -- SHA-256 of the setting 'suppression_salt' and Number::key()
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Texts queued together by one call.
CREATE TABLE batches (
    id         INTEGER PRIMARY KEY,
    size       INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- A text as people see it, in or out. `id` is also the API's `seq`: AUTOINCREMENT never reuses one.
CREATE TABLE messages (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id    INTEGER REFERENCES conversations (id), -- NULL: the sender could not be read
    line_id            INTEGER NOT NULL REFERENCES lines (id),
    direction          TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    -- Only 'text' and 'undecodable' are shown in the inbox; the rest is kept for its detail page.
    kind               TEXT NOT NULL DEFAULT 'text'
                       CHECK (kind = 'text' OR kind = 'undecodable' OR kind = 'silent' OR kind = 'waiting'
                              OR kind = 'data' OR kind = 'mms'),
    class              TEXT NOT NULL DEFAULT 'conversation'
                       CHECK (class = 'conversation' OR class = 'auto' OR class = 'consent'
                              OR class = 'alert' OR class = 'otp' OR class = 'marketing'),
    state              TEXT NOT NULL
                       CHECK (state = 'queued' OR state = 'submitting' OR state = 'sent'
                              OR state = 'delivered' OR state = 'undeliverable' OR state = 'expired'
                              OR state = 'failed' OR state = 'unknown' OR state = 'held'
                              OR state = 'cancelled' OR state = 'received' OR state = 'incomplete'),
    number_key         TEXT NOT NULL,    -- Number::key() of the remote address; '' when unreadable
    text               TEXT NOT NULL,
    alphabet           TEXT,             -- gsm7, ucs2 or data
    segments           INTEGER NOT NULL DEFAULT 1, -- in: announced; out: as counted or prepared
    segments_done      INTEGER NOT NULL DEFAULT 0, -- in: here; out: accepted by the network
    flash              INTEGER NOT NULL DEFAULT 0 CHECK (flash IN (0, 1)), -- class 0, shown at once
    tag                TEXT,             -- the caller's own word, given back unchanged
    response_emails    TEXT NOT NULL DEFAULT '[]', -- JSON list of addresses
    author_kind        TEXT CHECK (author_kind = 'user' OR author_kind = 'token' OR author_kind = 'relay'
                                   OR author_kind = 'email' OR author_kind = 'rule'
                                   OR author_kind = 'assistant' OR author_kind = 'campaign'
                                   OR author_kind = 'system'),
    author_id          TEXT,
    batch_id           INTEGER REFERENCES batches (id),
    created_at         INTEGER NOT NULL, -- when the row was made
    received_at        INTEGER,          -- in: when its first segment was committed
    sent_at            INTEGER,          -- out: when the network took the last segment
    delivered_at       INTEGER,          -- out: when the handset had the last segment, says the network
    scts               INTEGER,          -- in: the service centre's time stamp (23.040 §9.2.3.11)
    error_code         TEXT,             -- stable word or '+CMS ERROR' number
    error_detail       TEXT,             -- the sentence for a person
    hold_reason        TEXT,             -- why it waits for a person
    seen_count         INTEGER NOT NULL DEFAULT 1, -- in: how often the network or the SIM gave it to us
    possible_duplicate INTEGER NOT NULL DEFAULT 0 CHECK (possible_duplicate IN (0, 1)), -- out: may arrive twice
    trace              TEXT NOT NULL DEFAULT '[]', -- JSON: why the rules did what they did
    -- 1: in, counts in badges. Consent words and repeats do not (C4).
    badge              INTEGER NOT NULL DEFAULT 0 CHECK (badge IN (0, 1)),
    mark               TEXT              -- in: why the entry looks different; engine::action::Mark
) STRICT;
CREATE INDEX messages_badged ON messages (conversation_id, id) WHERE badge = 1;
CREATE INDEX messages_by_conversation ON messages (conversation_id, id);
CREATE INDEX messages_by_number ON messages (number_key, id);
CREATE INDEX messages_by_line ON messages (line_id, id);
CREATE INDEX messages_by_batch ON messages (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX messages_unsettled ON messages (state, id) WHERE state = 'unknown' OR state = 'held' OR state = 'failed';

-- Search by words of texts, folding case and accents. Whoever adds a text adds its words: a trigger would
-- make the index write down what it holds at every text, not at every commit.
CREATE VIRTUAL TABLE messages_fts USING fts5 (
    text, content = 'messages', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO messages_fts (messages_fts, rank) VALUES ('secure-delete', 1); -- erased words leave the index
CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages BEGIN
    INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER messages_fts_update AFTER UPDATE OF text ON messages BEGIN
    INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO messages_fts (rowid, text) VALUES (new.id, new.text);
END;

-- The segments of one inbound long message, told by the sender's 8- or 16-bit reference.
CREATE TABLE groups (
    id         INTEGER PRIMARY KEY,
    line_id    INTEGER NOT NULL REFERENCES lines (id),
    sender_key TEXT NOT NULL,            -- Number::key()
    sender_raw TEXT NOT NULL,            -- the address as received: national and international differ
    wide       INTEGER NOT NULL CHECK (wide IN (0, 1)), -- 1: 16-bit reference
    reference  INTEGER NOT NULL,
    total      INTEGER NOT NULL,
    first_at   INTEGER NOT NULL,         -- receipt of its first segment; open for 72 h from here
    message_id INTEGER REFERENCES messages (id) ON DELETE SET NULL -- once published, complete or not
) STRICT;
CREATE INDEX groups_by_reference ON groups (line_id, reference, total, first_at);
CREATE INDEX groups_unpublished ON groups (first_at) WHERE message_id IS NULL;
CREATE INDEX groups_by_message ON groups (message_id) WHERE message_id IS NOT NULL;

-- Every TPDU ever received, byte for byte, whether understood or not.
CREATE TABLE segments_in (
    id           INTEGER PRIMARY KEY,
    dedupe_key   BLOB NOT NULL UNIQUE,   -- SHA-256(ICCID || TPDU): a repeat is no new message
    line_id      INTEGER NOT NULL REFERENCES lines (id),
    message_id   INTEGER REFERENCES messages (id) ON DELETE SET NULL,
    group_id     INTEGER REFERENCES groups (id) ON DELETE SET NULL,
    seq          INTEGER NOT NULL DEFAULT 1,
    tpdu         BLOB NOT NULL,          -- without the service centre's address
    scts         INTEGER,
    storage      TEXT,                   -- where it lay in the modem, NULL: direct delivery
    slot         INTEGER,
    error        TEXT,                   -- why it could not be decoded
    received_at  INTEGER NOT NULL,
    seen_count   INTEGER NOT NULL DEFAULT 1,
    last_seen_at INTEGER NOT NULL
) STRICT;
-- Same reference and number but other bytes belong to another message.
CREATE UNIQUE INDEX segments_in_by_group ON segments_in (group_id, seq) WHERE group_id IS NOT NULL;
CREATE INDEX segments_in_by_message ON segments_in (message_id);
CREATE INDEX segments_in_by_line ON segments_in (line_id);

-- The sender's desk: one row per outbound message, kept after it is settled.
CREATE TABLE outbound (
    message_id    INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    line_id       INTEGER NOT NULL REFERENCES lines (id),
    recipient_key TEXT NOT NULL,         -- order is kept per line and recipient
    rank          INTEGER NOT NULL,      -- 0 otp, 1 alert, 2 consent, 3 conversation, 4 auto, 5 marketing
    -- waiting: may be leased; leased: one task has it, nothing left; on_air: bytes may have left;
    -- over: not the sender's any more (settled, held or unknown).
    stage         TEXT NOT NULL CHECK (stage = 'waiting' OR stage = 'leased' OR stage = 'on_air'
                                       OR stage = 'over'),
    report        INTEGER NOT NULL CHECK (report IN (0, 1)), -- ask for a delivery report
    send_at       INTEGER NOT NULL,      -- not before
    next_try_at   INTEGER NOT NULL,      -- not before, after a temporary refusal
    valid_for_ms  INTEGER NOT NULL,      -- as asked, or the class's default
    valid_until   INTEGER NOT NULL,      -- never handed to the modem after this
    attempts      INTEGER NOT NULL DEFAULT 0, -- temporary refusals so far
    round         INTEGER NOT NULL DEFAULT 1, -- grows when the whole message is sent again
    auto_resends  INTEGER NOT NULL DEFAULT 0, -- at most one leaves `unknown` by itself
    let_go        INTEGER NOT NULL DEFAULT 0 CHECK (let_go IN (0, 1)), -- 1: a person sent it on in spite of limits
    exception     TEXT,                  -- why somebody who opted out is answered once all the same (E95)
    send_local    TEXT,                  -- the clock time a person chose, in the organisation's zone; NULL: an instant
    unknown_at    INTEGER,               -- when it became unknown
    lease_until   INTEGER                -- a lease not used by then is void
) STRICT;
CREATE INDEX outbound_queue ON outbound (line_id, rank, message_id) WHERE stage <> 'over';
CREATE INDEX outbound_exceptions ON outbound (recipient_key, message_id) WHERE exception IS NOT NULL;
CREATE INDEX outbound_by_clock ON outbound (message_id) WHERE send_local IS NOT NULL AND stage = 'waiting';
CREATE INDEX outbound_order ON outbound (recipient_key, line_id, message_id) WHERE stage <> 'over';

-- One TPDU handed, or to be handed, to the modem.
CREATE TABLE segments_out (
    id           INTEGER PRIMARY KEY,
    message_id   INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    line_id      INTEGER NOT NULL REFERENCES lines (id),
    round        INTEGER NOT NULL,       -- of the outbound row; older rounds still get reports
    seq          INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    tpdu         BLOB NOT NULL,          -- the same bytes at each attempt (TP-MR is the modem's)
    state        TEXT NOT NULL DEFAULT 'waiting'
                 CHECK (state = 'waiting' OR state = 'on_air' OR state = 'accepted' OR state = 'refused'
                        OR state = 'unknown'),
    on_air_at    INTEGER,                -- committed before the bytes left
    mr           INTEGER,                -- TP-MR the modem told; 8 bits, wraps
    accepted_at  INTEGER,
    report       TEXT CHECK (report = 'trying' OR report = 'delivered' OR report = 'failed'
                             OR report = 'expired'), -- NULL: none yet
    reported_at  INTEGER,
    error_code   TEXT,
    -- What speaks for or against an unknown one; the reason stands in custody. NULL: nothing.
    evidence     TEXT CHECK (evidence IN ('sent', 'not_sent')),
    UNIQUE (message_id, round, seq)
) STRICT;
CREATE INDEX segments_out_by_mr ON segments_out (line_id, mr, accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX segments_out_by_time ON segments_out (line_id, accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX segments_out_on_air ON segments_out (line_id) WHERE state = 'on_air';
CREATE INDEX segments_out_unknown ON segments_out (line_id) WHERE state = 'unknown';

-- Next concatenation reference per recipient, so that two long texts to one phone never mix.
CREATE TABLE concat_references (
    recipient_key TEXT PRIMARY KEY,
    next          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Delivery reports, also those that match nothing (yet): a report can overtake our own commit.
CREATE TABLE reports (
    id            INTEGER PRIMARY KEY,
    dedupe_key    BLOB NOT NULL UNIQUE,  -- SHA-256(ICCID || TPDU)
    line_id       INTEGER NOT NULL REFERENCES lines (id),
    segment_id    INTEGER REFERENCES segments_out (id) ON DELETE SET NULL, -- NULL: orphan
    mr            INTEGER,               -- NULL: the modem is known not to count
    recipient     TEXT NOT NULL,         -- TP-RA as received
    status        INTEGER NOT NULL,      -- TP-ST octet (23.040 §9.2.3.15)
    outcome       TEXT NOT NULL CHECK (outcome = 'trying' OR outcome = 'delivered' OR outcome = 'failed'
                                       OR outcome = 'expired'),
    scts          INTEGER,               -- when the service centre took our submit
    discharged_at INTEGER,               -- when it was delivered or given up
    tpdu          BLOB NOT NULL,
    received_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX reports_orphaned ON reports (line_id, mr) WHERE segment_id IS NULL;
CREATE INDEX reports_by_segment ON reports (segment_id);

-- Texts beyond their time, marked to be deleted after a day with a clock to trust (E165, E171).
CREATE TABLE retention_marks (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    beat       INTEGER NOT NULL          -- the setting 'retention_beat' when it was marked: hours
) STRICT;

-- Where a message was and when: the page that answers "what happened to it?".
CREATE TABLE custody (
    id         INTEGER PRIMARY KEY,
    message_id INTEGER REFERENCES messages (id) ON DELETE CASCADE,
    segment_id INTEGER REFERENCES segments_in (id) ON DELETE CASCADE, -- before a message exists
    at         INTEGER NOT NULL,
    event      TEXT NOT NULL,
    detail     TEXT
) STRICT;
CREATE INDEX custody_by_message ON custody (message_id, id) WHERE message_id IS NOT NULL;
CREATE INDEX custody_by_segment ON custody (segment_id) WHERE segment_id IS NOT NULL;

-- A repeated call is answered with what the first one made; kept for 72 h.
CREATE TABLE idempotency (
    scope      TEXT NOT NULL,            -- whose key: token, user or socket
    key        TEXT NOT NULL,
    digest     BLOB NOT NULL,            -- SHA-256 of the request: another body is a conflict
    message_id INTEGER REFERENCES messages (id) ON DELETE CASCADE,
    batch_id   INTEGER REFERENCES batches (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_time ON idempotency (created_at);
CREATE INDEX idempotency_by_message ON idempotency (message_id);
CREATE INDEX idempotency_by_batch ON idempotency (batch_id);

-- Programs. The token itself is never stored.
CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,   -- SHA-256 of the token
    hint         TEXT NOT NULL,          -- its first characters, to tell tokens apart in a list
    scopes       TEXT NOT NULL,          -- words apart by commas: send,read,admin
    line_id      INTEGER REFERENCES lines (id) ON DELETE CASCADE, -- NULL: every line
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER                 -- to the hour, so that a poll costs no write
) STRICT;
CREATE INDEX tokens_by_line ON tokens (line_id);

-- Browsers that are signed in. The cookie itself is never stored.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE,   -- SHA-256 of the cookie
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    browser      TEXT NOT NULL DEFAULT '', -- as its owner knows it: Firefox on Linux
    address      TEXT NOT NULL DEFAULT '', -- where it signed in from
    conversation_id INTEGER REFERENCES conversations (id) ON DELETE CASCADE, -- opened by a notice's link: sees only that
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,       -- absolute end
    last_seen_at INTEGER NOT NULL        -- idle end is counted from here
) STRICT;
CREATE INDEX sessions_by_conversation ON sessions (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Keys that are good once. open: signs in; invite: lets somebody choose a password first; code:
-- the password was right, the second factor is still to come.
CREATE TABLE sign_in_links (
    hash       BLOB PRIMARY KEY,         -- SHA-256 of the secret in the link
    kind       TEXT NOT NULL CHECK (kind IN ('open', 'invite', 'code')),
    user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE, -- NULL: the first admin, to be made
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id);

-- Second factors: one-time codes by time (RFC 6238).
CREATE TABLE second_factors (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret     BLOB NOT NULL,            -- 160 bits, shared with the user's authenticator
    confirmed  INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1)), -- 0: no code has come back yet
    last_step  INTEGER NOT NULL DEFAULT 0, -- of the last code taken: none is good twice
    created_at INTEGER NOT NULL
) STRICT;

-- What stands in for a lost authenticator, once each.
CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    BLOB NOT NULL,               -- SHA-256 of the code
    used_at INTEGER,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- What a person asked of a modem; carried out by its task. Every button press stays readable.
CREATE TABLE orders (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    modem_id    INTEGER NOT NULL REFERENCES modems (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL CHECK (kind IN ('ussd', 'restart', 'console')),
    argument    TEXT NOT NULL DEFAULT '',
    state       TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'done', 'failed')),
    answer      TEXT,
    author_kind TEXT,
    author_id   TEXT,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX orders_open ON orders (modem_id, id) WHERE state IN ('waiting', 'taken');

-- PINs tried, committed before the modem gets one: a wrong one is never tried twice.
CREATE TABLE pin_attempts (
    sim         TEXT NOT NULL,           -- ICCID, or the modem's identity while the card is closed
    fingerprint BLOB NOT NULL,           -- tells a newly configured PIN from the old one
    tried_at    INTEGER NOT NULL,
    accepted    INTEGER CHECK (accepted IN (0, 1)), -- NULL: we never saw the answer
    PRIMARY KEY (sim, fingerprint)
) STRICT, WITHOUT ROWID;

-- What changed, for event streams that resume. Bounded: the oldest rows go, the newest never, so that
-- no number comes twice.
CREATE TABLE changes (
    seq  INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind = 'message' OR kind = 'conversation' OR kind = 'line' OR kind = 'modem'
                              OR kind = 'order' OR kind = 'contact' OR kind = 'user' OR kind = 'rule'),
    id   INTEGER NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

-- Mistakes of ours: how often each of the gateway's tasks panicked, ever (fault 81).
CREATE TABLE panics (
    task    TEXT PRIMARY KEY,            -- a chore's name, or a modem's port
    count   INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What people set while working, by name.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What texts are decided by is read once and kept until one of these tables changes (store::rulebook).
-- The version is drawn, not counted: a number that a rollback gives back could stand for two states.
INSERT INTO settings (key, value) VALUES ('rulebook_version', '');
CREATE TRIGGER rulebook_lines_new AFTER INSERT ON lines BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_lines_changed AFTER UPDATE ON lines BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_lines_gone AFTER DELETE ON lines BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_users_new AFTER INSERT ON users BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_users_changed AFTER UPDATE ON users BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_users_gone AFTER DELETE ON users BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_notified_users_new AFTER INSERT ON notified_users BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_notified_users_changed AFTER UPDATE ON notified_users BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_notified_users_gone AFTER DELETE ON notified_users BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_rules_new AFTER INSERT ON rules BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_rules_changed AFTER UPDATE ON rules BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_rules_gone AFTER DELETE ON rules BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_packs_new AFTER INSERT ON settings WHEN NEW.key = 'consent_packs' BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_packs_changed AFTER UPDATE ON settings WHEN NEW.key = 'consent_packs' BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;
CREATE TRIGGER rulebook_packs_gone AFTER DELETE ON settings WHEN OLD.key = 'consent_packs' BEGIN
    UPDATE settings SET value = hex(randomblob(8)) WHERE key = 'rulebook_version';
END;

-- What operators count and cap, per line and UTC month such as '2026-11'.
CREATE TABLE month_counts (
    line_id      INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
    month        TEXT NOT NULL,
    segments_in  INTEGER NOT NULL DEFAULT 0,
    segments_out INTEGER NOT NULL DEFAULT 0,
    money        INTEGER NOT NULL DEFAULT 0, -- thousandths of the currency, by the line's prices
    PRIMARY KEY (line_id, month)
) STRICT, WITHOUT ROWID;
CREATE TABLE month_recipients (
    line_id       INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
    month         TEXT NOT NULL,
    recipient_key TEXT NOT NULL,
    PRIMARY KEY (line_id, month, recipient_key)
) STRICT, WITHOUT ROWID;

-- What people said about consent and what it did. Only appended to; rows go only with the erasure
-- of their number.
CREATE TABLE consent_ledger (
    id         INTEGER PRIMARY KEY,
    number_key TEXT NOT NULL,            -- Number::key(): an opt-out is the number's, not a contact's
    line_id    INTEGER,                  -- where it was said; NULL: not by a text
    change     TEXT NOT NULL CHECK (change IN ('opted_out', 'opted_in', 'repeated', 'possible', 'help')),
    scope      TEXT NOT NULL CHECK (scope IN ('organisation', 'line')),
    level      TEXT NOT NULL,            -- how sure we were; engine::consent::Level, or 'by hand'
    word       TEXT NOT NULL,            -- the word or phrase recognised, or a person's reason
    language   TEXT NOT NULL,            -- of the pack that knows the word
    answered   INTEGER NOT NULL CHECK (answered IN (0, 1)), -- an answer was queued with it
    author_kind TEXT,                    -- who decided it for the customer; NULL: the customer
    author_id  TEXT,
    message_id INTEGER,                  -- the text it was said in; it may be erased
    pdu_digest BLOB,                     -- SHA-256 of that text's TPDUs in order
    scts       INTEGER,                  -- the service centre's time
    at         INTEGER NOT NULL          -- ours
) STRICT;
CREATE INDEX consent_ledger_by_number ON consent_ledger (number_key, id);
CREATE TRIGGER consent_ledger_is_not_changed BEFORE UPDATE ON consent_ledger BEGIN
    SELECT RAISE (ABORT, 'the consent ledger is only appended to');
END;

-- What the ledger amounts to: the last decision for each number and scope.
CREATE TABLE consent_standing (
    number_key TEXT NOT NULL,
    line_id    INTEGER NOT NULL,         -- 0: every line
    state      TEXT NOT NULL CHECK (state IN ('in', 'out')),
    since      INTEGER NOT NULL,
    said       TEXT NOT NULL,            -- the words that led to it
    marketing  INTEGER NOT NULL CHECK (marketing IN (0, 1)), -- consent to marketing is recorded
    PRIMARY KEY (number_key, line_id)
) STRICT, WITHOUT ROWID;

-- Response codes: `@347` on this recipient's phone, on this line, is this customer.
CREATE TABLE relay_codes (
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    line_id      INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
    code         INTEGER NOT NULL,
    customer_key TEXT NOT NULL,
    issued_at    INTEGER NOT NULL,       -- to this customer
    last_used_at INTEGER NOT NULL,       -- its cool-down counts from here
    recycled     INTEGER NOT NULL CHECK (recycled IN (0, 1)), -- another customer had it before
    PRIMARY KEY (user_id, line_id, code),
    UNIQUE (user_id, line_id, customer_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_codes_by_line ON relay_codes (line_id);

-- What is remembered about a response recipient on a line.
CREATE TABLE relay_desks (
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    line_id      INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
    locked_until INTEGER,                -- answers are not acted on until then (E34)
    helped_at    INTEGER,                -- the last explanation (E19)
    withheld     INTEGER NOT NULL DEFAULT 0, -- texts not passed on since the last digest (E38)
    digested_at  INTEGER,                -- the last digest
    PRIMARY KEY (user_id, line_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_desks_by_line ON relay_desks (line_id);

-- What is counted about a response recipient within the last hour; older rows go.
CREATE TABLE relay_events (
    id      INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    line_id INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL CHECK (kind IN ('wrong_code', 'relayed')),
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX relay_events_by_recipient ON relay_events (user_id, line_id, kind, at);
CREATE INDEX relay_events_by_line ON relay_events (line_id);

-- Texts the gateway wrote by itself: what the loop breaker counts (E109).
CREATE TABLE automatic_texts (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    number_key TEXT NOT NULL,
    purpose    TEXT NOT NULL,            -- engine::action::Purpose
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX automatic_texts_by_number ON automatic_texts (number_key, at);
CREATE INDEX automatic_texts_by_time ON automatic_texts (at);

-- To whom a prompt was put.
CREATE TABLE askings (
    prompt_id  INTEGER NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
    number_key TEXT NOT NULL,
    line_id    INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
    message_id INTEGER REFERENCES messages (id) ON DELETE SET NULL, -- the question as sent
    asked_at   INTEGER NOT NULL,         -- the last time
    hinted     INTEGER NOT NULL DEFAULT 0 CHECK (hinted IN (0, 1)), -- told once how to answer (E113)
    PRIMARY KEY (prompt_id, number_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX askings_by_number ON askings (number_key, asked_at);
CREATE INDEX askings_by_line ON askings (line_id);
CREATE INDEX askings_by_message ON askings (message_id);

-- What came back: every answer, counted by engine::prompt.
CREATE TABLE answers (
    id         INTEGER PRIMARY KEY,
    prompt_id  INTEGER NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
    number_key TEXT NOT NULL,
    value      TEXT NOT NULL,
    outcome    TEXT CHECK (outcome IN ('low', 'middle', 'high')),
    message_id INTEGER REFERENCES messages (id) ON DELETE SET NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX answers_by_prompt ON answers (prompt_id, number_key, id);
CREATE INDEX answers_by_message ON answers (message_id);

-- Everything that leaves by another way than a modem; composed and sent by its channel.
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind = 'email' OR kind = 'notice' OR kind = 'webhook' OR kind = 'alert'
                                     OR kind = 'mail'),
    target      TEXT NOT NULL,           -- an address, a user's id, a URL; 'admins' for alerts
    payload     TEXT NOT NULL,           -- JSON: what the channel must know
    message_id  INTEGER REFERENCES messages (id) ON DELETE CASCADE, -- the text it is about
    state       TEXT NOT NULL DEFAULT 'waiting' CHECK (state = 'waiting' OR state = 'leased'
                                                       OR state = 'done' OR state = 'failed'),
    once        TEXT UNIQUE,             -- a second row with this key is not made
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,
    lease_until INTEGER,
    error       TEXT,                    -- of the last try
    fell_over   INTEGER NOT NULL DEFAULT 0 CHECK (fell_over IN (0, 1)), -- told by another way (E75)
    created_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next_try_at, id) WHERE state IN ('waiting', 'leased');
CREATE INDEX deliveries_by_message ON deliveries (message_id);
CREATE INDEX deliveries_by_time ON deliveries (created_at);
CREATE INDEX deliveries_of_people ON deliveries (target, created_at) WHERE kind = 'notice';

-- Mail that came in, each once (E52), and what became of it.
CREATE TABLE mails (
    id          INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,    -- email::MailIn::fingerprint: its Message-ID and its body
    mail_id     TEXT NOT NULL,           -- its Message-ID, without brackets
    author      TEXT NOT NULL,           -- the address in From; '' when there is not exactly one
    subject     TEXT NOT NULL,           -- cut for lists
    outcome     TEXT NOT NULL CHECK (outcome IN ('sent', 'held', 'refused', 'quarantined', 'rejected',
                                                 'approved', 'dropped', 'bounce')),
    code        TEXT NOT NULL DEFAULT '',-- a stable word why
    why         TEXT NOT NULL DEFAULT '',-- the sentence for a person
    raw         BLOB,                    -- the mail itself, while somebody has to decide about it
    at          INTEGER NOT NULL,
    decided_at  INTEGER,                 -- when an admin decided
    decided_by  TEXT
) STRICT;
CREATE INDEX mails_waiting ON mails (id) WHERE outcome = 'quarantined';
CREATE INDEX mails_by_author ON mails (author, at);
CREATE INDEX mails_by_time ON mails (at);

-- The texts that a mail became, with what was cut from it.
CREATE TABLE mail_texts (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    mail_id    INTEGER NOT NULL REFERENCES mails (id) ON DELETE CASCADE,
    author     TEXT NOT NULL,            -- the address it was written from
    answers    INTEGER,                  -- the forwarded text that was answered; it may be erased
    cut        TEXT NOT NULL,            -- JSON list of {why, text}
    -- What of its fate the author is still to be told: all of it (asked for), only that it failed,
    -- or nothing more.
    tell       TEXT NOT NULL CHECK (tell IN ('all', 'failure', 'nothing'))
) STRICT;
CREATE INDEX mail_texts_by_mail ON mail_texts (mail_id);
CREATE INDEX mail_texts_to_tell ON mail_texts (message_id) WHERE tell <> 'nothing';

-- How far each mailbox was read. Of a new one, or one numbered anew, mail since `read_at` counts.
CREATE TABLE mailboxes (
    name         TEXT PRIMARY KEY,       -- user@host/folder
    uid_validity INTEGER NOT NULL DEFAULT 0,
    last_uid     INTEGER NOT NULL DEFAULT 0,
    read_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How it is with mail: shown by /healthz.
CREATE TABLE mail_health (
    part   TEXT PRIMARY KEY CHECK (part IN ('out', 'in')),
    error  TEXT,                         -- NULL: it works
    since  INTEGER NOT NULL,             -- it has been so
    at     INTEGER NOT NULL              -- last tried
) STRICT, WITHOUT ROWID;

-- Addresses that mail came back from (E41).
CREATE TABLE mail_sinks (
    address       TEXT PRIMARY KEY COLLATE NOCASE,
    hard_bounces  INTEGER NOT NULL DEFAULT 0, -- since the last one that arrived
    last_error    TEXT,
    last_bounce_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
