"""Which file is read, and what is wrong in it, said to the person who wrote it?"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from tracker.config.keys import (
    BandConfig,
    BluetoothConfig,
    Config,
    ConfigError,
    DashboardConfig,
    DetectorConfig,
    MqttConfig,
    Section,
    StoreConfig,
    unreadable,
)
from tracker.errors import StretchbandError


def default_config_path() -> Path | None:
    """The first there is of ~/.config/stretchband/tracker.toml and the same below /etc."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    places = (home / "stretchband" / "tracker.toml", Path("/etc/stretchband/tracker.toml"))
    return next((place for place in places if place.is_file()), None)


def load(path: Path) -> Config:
    """Read and check a config file.

    Raises ConfigError: one sentence with the file, the key, the value and what is allowed.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {unreadable(error)}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deep") from None
    if "folder" in raw:
        raise ConfigError(f"{path}: unknown key folder; {_allowed_keys('')}")
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explain(str(error), raw)}") from None
    config = msgspec.structs.replace(config, folder=str(path.absolute().parent))
    _check_bands(path, config.bands)
    return config


def _check_bands(path: Path, bands: tuple[BandConfig, ...]) -> None:
    for name in ("id", "address"):
        values = [getattr(band, name) for band in bands]
        folded = [value.upper() for value in values]
        doubled = next((value for value in values if folded.count(value.upper()) > 1), None)
        if doubled is not None:
            raise ConfigError(f"{path}: bands.{name} {doubled} stands twice; each band has its own")
    for number, band in enumerate(bands):
        try:
            band.turn()
        except StretchbandError as error:
            raise ConfigError(f"{path}: bands[{number}].axes: {error}") from None


def _explain(message: str, raw: dict[str, Any]) -> str:
    """msgspec's message as a sentence for the person who wrote the file."""
    text, _, where = message.partition(" - at `$")
    key = where.rstrip("`").removeprefix(".")
    unknown = re.search(r"unknown field `(.*)`", text)
    if unknown:
        name = f"{key}.{unknown[1]}" if key else unknown[1]
        hint = "; a password belongs in mqtt.password_file" if name == "mqtt.password" else ""
        return f"unknown key {name}{hint}; {_allowed_keys(key)}"
    missing = re.search(r"missing required field `(.*)`", text)
    if missing:
        return f"{key}.{missing[1]} is missing: {_describe(f'{key}.{missing[1]}')}"
    value = _value_at(raw, key)
    shown = "..." if "@" in str(value) else repr(value)  # a URL may have a password before its @
    return f"{key} = {shown} is not allowed: {_describe(key) or text}"


def _steps(key: str) -> list[str]:
    return [step for step in re.split(r"\.|\[|\]", key) if step]


def _value_at(raw: Any, key: str) -> Any:
    for step in _steps(key):
        raw = raw[int(step)] if step.isdigit() else raw[step]
    return raw


def _section(key: str) -> type[Section]:
    tables: dict[str, type[Section]] = {
        "store": StoreConfig,
        "mqtt": MqttConfig,
        "bluetooth": BluetoothConfig,
        "detector": DetectorConfig,
        "dashboard": DashboardConfig,
        "bands": BandConfig,
    }
    steps = _steps(key)
    return tables.get(steps[0], Config) if steps else Config


def _allowed_keys(key: str) -> str:
    names = [name for name in _section(key).__struct_fields__ if name != "folder"]
    return f"allowed: {', '.join(names)}"


def _describe(key: str) -> str:
    """What is allowed for a key, from the description beside its type."""
    steps = _steps(key)
    if len(steps) < 2:
        return "a table [" + steps[0] + "]" if steps and steps[0] != "bands" else "tables [[bands]]"
    fields = {f.name: f for f in msgspec.structs.fields(_section(key))}
    found = fields.get(next(step for step in reversed(steps) if not step.isdigit()))
    schema = _first_described(msgspec.json.schema(found.type) if found is not None else {})
    if schema.get("type") != "array":
        return _allowed(schema)
    each = _allowed(_first_described(schema["items"]))
    return each if steps[-1].isdigit() else f"a list, each of it {each}"


def _allowed(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "boolean":
        return "true or false"
    return str(schema.get("description", ""))


def _first_described(schema: dict[str, Any]) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [schema, *schema.get("anyOf", [])]
    return next((c for c in choices if "description" in c or "enum" in c or "type" in c), {})
