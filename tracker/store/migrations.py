"""The database's tables and views, step by step; a step that was released is never changed."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("stretchband")


@MIGRATIONS()
def m001_logs_and_projections(db: Database) -> None:
    """The two logs (frames, events), what is projected from events, and every consumer's cursor."""
    for statement in _TABLES:
        db.execute(statement)


@MIGRATIONS()
def m002_views_for_people(db: Database) -> None:
    """Views with plain column names, for reading by eye and for Datasette."""
    for name, sql in _VIEWS.items():
        db.create_view(name, sql)


@MIGRATIONS()
def m003_clocks_that_are_set(db: Database) -> None:
    """How the host's clock was set, apart from how the band's went: an old point knows no more."""
    for statement in _CLOCKS:
        db.execute(statement)


@MIGRATIONS()
def m004_announcements(db: Database) -> None:
    """What stands on other programs' retained topics, to be taken back when it is over."""
    db.execute("CREATE TABLE announcements (topic TEXT PRIMARY KEY, payload BLOB NOT NULL) STRICT")


@MIGRATIONS()
def m005_corrections(db: Database) -> None:
    """What the wearer says of a hold afterwards; it stands beside what was measured."""
    db.execute(_CORRECTIONS)
    db.create_view("kept_holds", _KEPT_HOLDS)
    for name, sql in _VIEWS.items():
        db.execute(f"DROP VIEW {name}")
        corrected = sql.replace("FROM holds", "FROM kept_holds")
        if name == "v_holds":
            corrected = corrected.replace("hold_id, session_id", "note, hold_id, session_id")
        db.create_view(name, corrected)


_TABLES = (
    """CREATE TABLE bands (
  band_id TEXT PRIMARY KEY,
  address TEXT,
  name TEXT,
  axes TEXT NOT NULL DEFAULT '+x,+y,+z' -- which sensor axis gives band x, y, z
) STRICT""",
    """CREATE TABLE frames (
  id INTEGER PRIMARY KEY,        -- rises in the order of arrival
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,      -- which start of the band its clock belongs to
  seq INTEGER NOT NULL,          -- place in the band's ring
  t_first_s REAL NOT NULL,       -- band clock of the first sample, seconds
  received_s REAL NOT NULL,      -- unix time of arrival
  data BLOB NOT NULL,            -- the frame as it came over the air
  UNIQUE (band_id, boot_id, seq)
) STRICT""",
    # Each entry also holds the id: the frames of one band in the order of arrival.
    "CREATE INDEX frames_by_band ON frames (band_id)",
    # AUTOINCREMENT: a position is never used twice, or a cursor would pass over an event.
    """CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT, -- place in the log, what consumers acknowledge
  event_id TEXT NOT NULL UNIQUE,
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  event TEXT NOT NULL,
  t_s REAL NOT NULL,             -- band clock, seconds
  at TEXT,                       -- the same moment in UTC
  hold_id TEXT,
  json TEXT NOT NULL             -- the event as written everywhere
) STRICT""",
    "CREATE INDEX events_by_time ON events (at)",
    "CREATE INDEX events_by_hold ON events (hold_id) WHERE hold_id IS NOT NULL",
    """CREATE TABLE sessions (
  session_id TEXT PRIMARY KEY,
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  start_s REAL NOT NULL,         -- band clock, seconds
  last_s REAL,                   -- end of the last rep or hold so far
  end_s REAL,                    -- the same, once the session is over
  started_at TEXT,
  ended_at TEXT,
  reps INTEGER NOT NULL DEFAULT 0,
  holds INTEGER,
  hold_s REAL
) STRICT""",
    "CREATE INDEX sessions_by_band ON sessions (band_id, boot_id, start_s)",
    "CREATE INDEX sessions_by_time ON sessions (started_at)",
    """CREATE TABLE holds (
  hold_id TEXT PRIMARY KEY,
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  session_id TEXT REFERENCES sessions(session_id),
  boot_id INTEGER NOT NULL,
  stretch TEXT NOT NULL,
  side TEXT,
  start_s REAL NOT NULL,         -- band clock, seconds
  end_s REAL,
  started_at TEXT,
  ended_at TEXT,
  duration_s REAL,
  angle_deg REAL,
  depth_gain_deg REAL,
  breaths INTEGER,
  breath_rate_bpm REAL,
  exhale_inhale_ratio REAL,
  steadiness_deg REAL,
  twist_deg REAL,
  target_s REAL,                 -- the target that was reached
  strains INTEGER NOT NULL DEFAULT 0,
  reason TEXT                    -- why it ended
) STRICT""",
    "CREATE INDEX holds_by_time ON holds (started_at)",
    "CREATE INDEX holds_by_band ON holds (band_id, started_at)",
    "CREATE INDEX holds_by_session ON holds (session_id)",
    """CREATE TABLE breaths (
  hold_id TEXT NOT NULL REFERENCES holds(hold_id),
  number INTEGER NOT NULL,
  exhale_start_s REAL NOT NULL,  -- band clock, seconds
  exhale_end_s REAL NOT NULL,
  end_s REAL NOT NULL,
  started_at TEXT,
  depth_deg REAL NOT NULL,
  PRIMARY KEY (hold_id, number)
) STRICT""",
    "CREATE INDEX breaths_by_time ON breaths (started_at)",
    """CREATE TABLE outbox_cursors (
  consumer TEXT PRIMARY KEY,
  position INTEGER NOT NULL      -- the last event acknowledged
) STRICT""",
    """CREATE TABLE resume_points (
  band_id TEXT PRIMARY KEY REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  t_s REAL NOT NULL
) STRICT""",
    """CREATE TABLE commands (
  id INTEGER PRIMARY KEY,
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  t_s REAL NOT NULL,             -- band clock, seconds
  name TEXT NOT NULL,
  payload TEXT
) STRICT""",
    "CREATE INDEX commands_by_band ON commands (band_id, boot_id, t_s)",
    """CREATE TABLE clocks (
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,       -- of the band clock; the least late arrival of each is kept
  t_s REAL NOT NULL,             -- band clock, seconds
  offset_s REAL NOT NULL,        -- unix time less band clock
  PRIMARY KEY (band_id, boot_id, minute)
) STRICT, WITHOUT ROWID""",
)

_CLOCKS = (
    """CREATE TABLE clock_points (
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  run INTEGER NOT NULL,          -- of the host's steady clock
  minute INTEGER NOT NULL,       -- of the band clock; the least late arrival of each is kept
  t_s REAL NOT NULL,             -- band clock, seconds
  offset_s REAL NOT NULL,        -- steady clock less band clock
  PRIMARY KEY (band_id, boot_id, run, minute)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE clock_settings (
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  from_s REAL NOT NULL,          -- band clock, seconds
  ahead_s REAL NOT NULL,         -- unix time less steady clock, from then on
  run INTEGER NOT NULL,
  host TEXT NOT NULL,            -- the steady clock's name
  PRIMARY KEY (band_id, boot_id, from_s)
) STRICT, WITHOUT ROWID""",
    "INSERT INTO clock_points SELECT band_id, boot_id, 0, minute, t_s, offset_s FROM clocks",
    "INSERT INTO clock_settings SELECT DISTINCT band_id, boot_id, 0.0, 0.0, 0, '' FROM clocks",
    "DROP TABLE clocks",
)

_CORRECTIONS = """CREATE TABLE corrections (
  hold_id TEXT PRIMARY KEY REFERENCES holds(hold_id),
  stretch TEXT,                  -- null: as measured
  side TEXT,                     -- null: as measured
  deleted INTEGER NOT NULL,      -- 1: it was no hold
  note TEXT,
  at TEXT NOT NULL               -- when it was said, UTC
) STRICT"""

_KEPT_HOLDS = """SELECT h.hold_id, h.band_id, h.session_id, h.boot_id,
  coalesce(c.stretch, h.stretch) AS stretch, coalesce(c.side, h.side) AS side,
  h.start_s, h.end_s, h.started_at, h.ended_at, h.duration_s, h.angle_deg, h.depth_gain_deg,
  h.breaths, h.breath_rate_bpm, h.exhale_inhale_ratio, h.steadiness_deg, h.twist_deg, h.target_s,
  h.strains, h.reason, h.stretch AS measured_stretch, h.side AS measured_side, c.note
FROM holds AS h LEFT JOIN corrections AS c USING (hold_id)
WHERE c.deleted IS NOT 1"""

_VIEWS = {
    "v_holds": """SELECT started_at, ended_at, band_id AS band, stretch, side,
  round(duration_s, 1) AS duration_s, round(angle_deg, 1) AS angle_deg,
  round(depth_gain_deg, 1) AS depth_gain_deg, breaths,
  round(breath_rate_bpm, 1) AS breaths_per_minute,
  round(exhale_inhale_ratio, 2) AS exhale_to_inhale,
  round(steadiness_deg, 2) AS steadiness_deg, round(twist_deg, 1) AS twist_deg,
  target_s IS NOT NULL AS target_reached, strains, reason AS ended_by, hold_id, session_id
FROM holds ORDER BY started_at DESC, hold_id DESC""",
    "v_daily": """SELECT substr(started_at, 1, 10) AS day, band_id AS band, stretch, side,
  count(*) AS holds, round(sum(duration_s), 1) AS hold_s, round(max(duration_s), 1) AS longest_s,
  sum(breaths) AS breaths, round(avg(breath_rate_bpm), 1) AS breaths_per_minute,
  round(max(angle_deg), 1) AS deepest_deg
FROM holds WHERE started_at IS NOT NULL AND end_s IS NOT NULL
GROUP BY day, band, stretch, side ORDER BY day DESC, band, stretch, side""",
    # 'weekday 0' goes on to the next Sunday, six days back from there is the Monday before.
    "v_balance": """SELECT date(started_at, 'weekday 0', '-6 days') AS week_from, band_id AS band,
  stretch, round(total(duration_s) FILTER (WHERE side = 'left'), 1) AS left_s,
  round(total(duration_s) FILTER (WHERE side = 'right'), 1) AS right_s,
  round(total(duration_s) FILTER (WHERE side = 'left') / sum(duration_s), 3) AS left_share
FROM holds WHERE started_at IS NOT NULL AND end_s IS NOT NULL AND side IS NOT NULL
GROUP BY week_from, band, stretch ORDER BY week_from DESC, band, stretch""",
}
