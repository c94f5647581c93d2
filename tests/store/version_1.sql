-- What the first version of the program wrote: one finished hold, one frame, one event sent.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'stretchband','m001_logs_and_projections','2026-11-23 21:30:48.174429+00:00');
CREATE TABLE bands (
  band_id TEXT PRIMARY KEY,
  address TEXT,
  name TEXT,
  axes TEXT NOT NULL DEFAULT '+x,+y,+z' -- which sensor axis gives band x, y, z
) STRICT;
INSERT INTO "bands" VALUES('band1','F0:F1:F2:F3:F4:01','stretch','+x,+y,+z');
CREATE TABLE breaths (
  hold_id TEXT NOT NULL REFERENCES holds(hold_id),
  number INTEGER NOT NULL,
  exhale_start_s REAL NOT NULL,  -- band clock, seconds
  exhale_end_s REAL NOT NULL,
  end_s REAL NOT NULL,
  started_at TEXT,
  depth_deg REAL NOT NULL,
  PRIMARY KEY (hold_id, number)
) STRICT;
CREATE TABLE clocks (
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,       -- of the band clock; the least late arrival of each is kept
  t_s REAL NOT NULL,             -- band clock, seconds
  offset_s REAL NOT NULL,        -- unix time less band clock
  PRIMARY KEY (band_id, boot_id, minute)
) STRICT, WITHOUT ROWID;
CREATE TABLE commands (
  id INTEGER PRIMARY KEY,
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  t_s REAL NOT NULL,             -- band clock, seconds
  name TEXT NOT NULL,
  payload TEXT
) STRICT;
CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT, -- place in the log, what consumers acknowledge
  event_id TEXT NOT NULL UNIQUE,
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  event TEXT NOT NULL,
  t_s REAL NOT NULL,             -- band clock, seconds
  at TEXT,                       -- the same moment in UTC
  hold_id TEXT,
  json TEXT NOT NULL             -- the event as written everywhere
) STRICT;
INSERT INTO "events" VALUES(1,'band1-0001-000102500-hold_started','band1','hold_started',102.5,'2026-11-02T17:01:42.500Z','band1-0001-000100000','{"event":"hold_started","event_id":"band1-0001-000102500-hold_started","band_id":"band1","t_s":102.5,"at":"2026-11-02T17:01:42.500Z","hold_id":"band1-0001-000100000","stretch":"hamstring","side":"left","start_s":100.0,"angle_deg":61.25}');
INSERT INTO "events" VALUES(2,'band1-0001-000146500-hold_ended','band1','hold_ended',146.5,'2026-11-02T17:02:26.500Z','band1-0001-000100000','{"event":"hold_ended","event_id":"band1-0001-000146500-hold_ended","band_id":"band1","t_s":146.5,"at":"2026-11-02T17:02:26.500Z","hold_id":"band1-0001-000100000","stretch":"hamstring","side":"left","start_s":100.0,"end_s":145.0,"duration_s":45.0,"angle_deg":63.5,"depth_gain_deg":3.75,"breaths":4,"breath_rate_bpm":6.1,"exhale_inhale_ratio":1.4,"steadiness_deg":0.42,"twist_deg":null,"reason":"released"}');
CREATE TABLE frames (
  id INTEGER PRIMARY KEY,        -- rises in the order of arrival
  band_id TEXT NOT NULL REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,      -- which start of the band its clock belongs to
  seq INTEGER NOT NULL,          -- place in the band's ring
  t_first_s REAL NOT NULL,       -- band clock of the first sample, seconds
  received_s REAL NOT NULL,      -- unix time of arrival
  data BLOB NOT NULL,            -- the frame as it came over the air
  UNIQUE (band_id, boot_id, seq)
) STRICT;
INSERT INTO "frames" VALUES(1,'band1',1,0,0.0,1793638800.52,X'010100000000000000000040011902E12C87116C0188E266E73EC5A1C91DC26FD619282013D5347600A60D413C601DEE109505AB07B03780E36D28DF1559C073F2BF2DF3064CC4E721651D5C2C7BD66DCB7C2ED4C24E054ACA5CE693FD1AF69DF39FC3AFC0E8CF0FC1D7154703D712EFE0C40ECC211CF1FFFAA43F09278C3D94F0BF179C3942138F2B1F181C1AC8F105304AD1190A591C382C3E030DF0B6E723F62FFE021CC816');
CREATE TABLE holds (
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
) STRICT;
INSERT INTO "holds" VALUES('band1-0001-000100000','band1',NULL,1,'hamstring','left',100.0,145.0,'2026-11-02T17:01:40.000Z','2026-11-02T17:02:25.000Z',45.0,63.5,3.75,4,6.1,1.4,0.42,NULL,NULL,0,'released');
CREATE TABLE outbox_cursors (
  consumer TEXT PRIMARY KEY,
  position INTEGER NOT NULL      -- the last event acknowledged
) STRICT;
INSERT INTO "outbox_cursors" VALUES('mqtt',1);
CREATE TABLE resume_points (
  band_id TEXT PRIMARY KEY REFERENCES bands(band_id),
  boot_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  t_s REAL NOT NULL
) STRICT;
CREATE TABLE sessions (
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
) STRICT;
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX frames_by_band ON frames (band_id);
CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_by_hold ON events (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX sessions_by_band ON sessions (band_id, boot_id, start_s);
CREATE INDEX sessions_by_time ON sessions (started_at);
CREATE INDEX holds_by_time ON holds (started_at);
CREATE INDEX holds_by_band ON holds (band_id, started_at);
CREATE INDEX holds_by_session ON holds (session_id);
CREATE INDEX breaths_by_time ON breaths (started_at);
CREATE INDEX commands_by_band ON commands (band_id, boot_id, t_s);
COMMIT;
