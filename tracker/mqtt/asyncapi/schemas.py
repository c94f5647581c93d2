"""Which JSON Schemas do the types of events, payloads and commands have?

msgspec writes schemas of what it reads, in the draft of 2020; AsyncAPI's own are a superset of
draft 7, and what is sent is more than what would be read: each field is there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from tracker.detect import events
from tracker.mqtt import commands, payloads

# JSON on its way out: keys and values are the specification's.
Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_DEFINED = {**vars(events), **vars(payloads), **vars(commands)}
_FIELD = re.compile(r"(\w+): +(.+)")


def schemas(types: Iterable[object], *, sent: bool) -> tuple[list[Json], dict[str, Json]]:
    """The schema of each type, and those that they refer to by name.

    sent: what the daemon writes, so that every field is there and none has a default.
    """
    of_types, named = msgspec.json.schema_components(types, ref_template=_REF)
    for name, schema in named.items():
        _describe(schema, _DEFINED[name])
        if sent:
            _always_whole(schema)
    return list(of_types), named


def told(kind: type) -> tuple[str, dict[str, str]]:
    """What the docstrings say: of the type, and of each of its fields, inherited ones too."""
    about, fields = _read(kind)
    for parent in reversed(kind.__mro__[1:]):
        if issubclass(parent, msgspec.Struct):
            fields = {**_read(parent)[1], **fields}
    return about, fields


def _read(kind: type) -> tuple[str, dict[str, str]]:
    about: list[str] = []
    fields: dict[str, str] = {}
    field = None
    for line in inspect.cleandoc(kind.__doc__ or "").splitlines():
        found = _FIELD.fullmatch(line)
        if found is not None and found[1] in getattr(kind, "__struct_fields__", ()):
            field = found[1]
            fields[field] = _in_json(found[2])
        elif field is not None and line.startswith(" "):
            fields[field] += f" {_in_json(line.strip())}"
        else:
            about.append(_in_json(line))
    return " ".join(about).strip(), fields


def _in_json(text: str) -> str:
    return re.sub(r"\bNone\b", "null", text)


def _describe(schema: Json, kind: type) -> None:
    about, fields = told(kind)
    schema["description"] = about
    if "prefixItems" in schema:  # draft 7 calls them items
        names = kind.__struct_fields__  # type: ignore[attr-defined]  # of a struct
        items = schema.pop("prefixItems")
        schema["items"] = [{"title": n, **item} for n, item in zip(names, items, strict=True)]
    for field, text in fields.items():
        part = schema["properties"][field]
        # Beside a $ref draft 7 reads nothing.
        described = {"allOf": [part]} if "$ref" in part else part
        schema["properties"][field] = {"description": text, **described}


def _always_whole(schema: Json) -> None:
    properties = schema.get("properties", {})
    if properties:
        schema["required"] = list(properties)
    for part in properties.values():
        part.pop("default", None)
