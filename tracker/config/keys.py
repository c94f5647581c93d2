"""What may the wearer set, and what is allowed?

`config/tracker.toml` shows every key with its default; a test holds the two together.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, field

from tracker.detect.events import Side
from tracker.detect.samples import Axes
from tracker.detect.settings import Settings
from tracker.errors import StretchbandError

PASSWORD_VARIABLE = "STRETCHBAND_MQTT_PASSWORD"  # noqa: S105 - the variable's name, not a password

Seconds = Annotated[float, Meta(gt=0, le=86400, description="seconds, above 0, at most 86400")]
FileName = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f]+\Z",
        description="the path of a file, without control characters",
    ),
]


HostName = Annotated[
    str,
    # Not a URL: a password in one would stand in every error and log line.
    Meta(pattern=r"^[^\s/@\x00-\x1f]+\Z", description="a host name or an address, nothing else"),
]
TopicName = Annotated[
    str,
    Meta(
        pattern=r"^[^/+#$\x00-\x1f\x7f][^+#\x00-\x1f\x7f]{0,199}\Z",
        description="a topic without + and #, not beginning with / or $, of up to 200 letters",
    ),
]
CREDENTIALS = "$CREDENTIALS_DIRECTORY/"  # where systemd puts what LoadCredential= names


class ConfigError(StretchbandError):
    """A key or a value in the config that is not allowed."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file; unknown keys are refused: a typing error is no silent default."""


class StoreConfig(Section, frozen=True):
    """Where the history is kept."""

    path: FileName | None = None


class MqttConfig(Section, frozen=True):
    """Which broker hears the events."""

    host: HostName = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="a port, 1 to 65535")] = 1883
    username: Annotated[str, Meta(min_length=1, description="a name")] | None = None
    password_file: FileName | None = None
    ca_file: FileName | None = None
    cert_file: FileName | None = None
    key_file: FileName | None = None
    base_topic: TopicName = "stretchband"
    keepalive_s: Annotated[int, Meta(ge=2, le=3600, description="whole seconds, 2 to 3600")] = 6
    tls: bool = False
    discovery: bool = True
    discovery_prefix: TopicName = "homeassistant"


class BluetoothConfig(Section, frozen=True):
    """Which radio reaches the bands, and how long a silent one is believed in."""

    radio: Annotated[
        str,
        Meta(
            pattern=r"^(system|[a-z-]+:.+)\Z",
            description='"system", or a Bumble transport such as "usb:0" or "unix:/run/air"',
        ),
    ] = "system"
    silence_s: Annotated[float, Meta(ge=2, le=3600, description="seconds, 2 to 3600")] = 10.0
    recovery: bool = False


class DetectorConfig(Section, frozen=True):
    """What counts as a hold."""

    target_s: Seconds = 30.0
    min_hold_s: Annotated[float, Meta(ge=1, le=600, description="seconds, 1 to 600")] = 5.0
    session_gap_s: Annotated[float, Meta(ge=60, le=86400, description="seconds, 60 to 86400")] = (
        600.0
    )
    any_posture: bool = False


class DashboardConfig(Section, frozen=True):
    """Where the page is served, and to whom."""

    host: HostName = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="a port, 1 to 65535")] = 8095
    password_file: FileName | None = None
    names: tuple[HostName, ...] = ()


class BandConfig(Section, frozen=True):
    """One band: where it is, and how it is worn where that differs from the picture."""

    id: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9_-]{1,32}\Z", description="1 to 32 letters, digits, _ or -"),
    ]
    address: Annotated[
        str,
        Meta(
            pattern=r"^([0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\Z",
            description='an address as `stretchband scan` prints it, such as "F0:F1:F2:F3:F4:01"',
        ),
    ]
    axes: Annotated[
        str,
        Meta(
            pattern=r"^[+-]?[xyzXYZ]( *, *[+-]?[xyzXYZ]){2}\Z",
            description='which sensor axis gives band x, y and z, such as "-z,+x,-y"',
        ),
    ] = "+x,+y,+z"
    side: Side | None = None
    target_s: Seconds | None = None

    def turn(self) -> Axes:
        """The axes as a rotation."""
        return Axes.parse(self.axes)


class Config(Section, frozen=True):
    """The whole file."""

    store: StoreConfig = StoreConfig()
    mqtt: MqttConfig = MqttConfig()
    bluetooth: BluetoothConfig = BluetoothConfig()
    detector: DetectorConfig = DetectorConfig()
    dashboard: DashboardConfig = DashboardConfig()
    bands: tuple[BandConfig, ...] = field(default=())
    # The folder that relative paths in the file start from; set by `reading.load`, not by the file.
    folder: str = ""

    @property
    def db_path(self) -> Path:
        """The database: as the file says, beside the file when relative, else the user's own."""
        return self.path_of(self.store.path) if self.store.path else default_db_path()

    def path_of(self, name: str) -> Path:
        """A path named in the file; it may begin with `$CREDENTIALS_DIRECTORY/`."""
        if name.startswith(CREDENTIALS):
            folder = os.environ.get(CREDENTIALS[1:-1])
            if not folder:
                raise ConfigError(f"{name}: only systemd sets that, by LoadCredential= in the unit")
            return Path(folder, name.removeprefix(CREDENTIALS))
        return Path(self.folder, Path(name).expanduser())

    def settings(self, band: BandConfig) -> Settings:
        """What the detector of this band goes by."""
        d = self.detector
        return Settings(
            target_s=band.target_s or d.target_s,
            min_hold_s=d.min_hold_s,
            any_posture=d.any_posture,
            side=band.side,
            session_gap_s=d.session_gap_s,
        )

    def mqtt_password(self) -> str | None:
        """The broker's password, from the environment or from `mqtt.password_file`."""
        if PASSWORD_VARIABLE in os.environ:
            return os.environ[PASSWORD_VARIABLE]
        return self._secret("mqtt", self.mqtt.password_file)

    def dashboard_password(self) -> str | None:
        """The page's password, from `dashboard.password_file`."""
        return self._secret("dashboard", self.dashboard.password_file)

    def exposed_secrets(self) -> list[Path]:
        """Files with a password or a key that others on this machine can read.

        Read by a group is well where the file is another's: so a service reads root's.
        """
        m, found = self.mqtt, []
        for name in (m.password_file, m.key_file, self.dashboard.password_file):
            with suppress(OSError, ConfigError):
                path = self.path_of(name) if name is not None else None
                if path is not None and _is_exposed(path.stat()):
                    found.append(path)
        return found

    def secrets(self) -> list[str]:
        """Every password that can be read now, to be taken out of what is shown."""
        found = [os.environ.get(PASSWORD_VARIABLE)]
        for read in (self.mqtt_password, self.dashboard_password):
            with suppress(ConfigError):
                found.append(read())
        with suppress(ConfigError):  # the variable goes before the file; the file is a secret too
            found.append(self._secret("mqtt", self.mqtt.password_file))
        return [secret for secret in found if secret]

    def _secret(self, table: str, file: str | None) -> str | None:
        if file is None:
            return None
        path = self.path_of(file)
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{table}.password_file: {path} cannot be read: {unreadable(error)}"
            ) from None


def _is_exposed(file: os.stat_result) -> bool:
    by_group = file.st_mode & stat.S_IRGRP and file.st_uid == os.geteuid()
    return bool(file.st_mode & stat.S_IROTH or by_group)


def default_db_path() -> Path:
    """`~/.local/share/stretchband/history.db`, or below XDG_DATA_HOME."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "stretchband" / "history.db"


def unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why it could not be read."""
    return error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8 text"
