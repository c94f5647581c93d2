"""FHIR R4: a Bundle with an Observation for each hold, written as it is read.

The duration is LOINC 55411-3 "Exercise duration", which is in minutes (UCUM `min`); what was done
is LOINC 73985-4 "Exercise activity", both of the value set of HL7's Physical Activity guide for
measures of one activity. What has no code of its own is named in words; what is not known is left
out. No patient is in it: whoever takes it in knows whose band it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

import msgspec

from tracker.export.tables import Row, Table

_OURS = UUID("2f910309-327e-5db6-841f-92be12d1d90f")  # made once: the same hold, the same UUID
_LOINC, _SNOMED, _UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_LEGS = {"left": ("32153003", "Left lower limb"), "right": ("62175007", "Right lower limb")}
_MEASURES = (
    ("angle_deg", "angle of the leg in the stretch", "deg"),
    ("depth_gain_deg", "deeper at the end of the hold than at its start", "deg"),
    ("breath_rate_bpm", "breaths a minute, seen in the movement of the leg", "/min"),
    ("strains", "times that it bounced, was forced or trembled", "1"),
)

_encoder = msgspec.json.Encoder()


def write(table: Table) -> Iterator[bytes]:
    """The table of finished, dated holds as UTF-8, in pieces."""
    before = b'{"resourceType":"Bundle","type":"collection"'
    between = b',"entry":[\n'
    for batch in table.batches:
        yield before + between + b",\n".join(_encoder.encode(_entry(hold)) for hold in batch)
        before, between = b"", b",\n"
    yield b"\n]}\n" if before == b"" else before + b"}\n"


def _entry(hold: Row) -> dict[str, Any]:
    return {"fullUrl": uuid5(_OURS, hold["hold_id"]).urn, "resource": _observation(hold)}


def _observation(hold: Row) -> dict[str, Any]:
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "identifier": [{"value": hold["hold_id"]}],
        "status": "corrected" if _corrected(hold) else "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "activity"}]}],
        "code": _coded(_LOINC, "55411-3", "Exercise duration"),
        "effectivePeriod": {"start": hold["started_at"], "end": hold["ended_at"]},
        "valueQuantity": _quantity(round(hold["duration_s"] / 60, 4), "min"),
        "device": {"display": f"stretchband, band {hold['band_id']}"},
    }
    if hold["side"] is not None:
        code, leg = _LEGS[hold["side"]]
        observation["bodySite"] = _coded(_SNOMED, code, leg)
    if hold["note"] is not None:
        observation["note"] = [{"text": hold["note"]}]
    observation["component"] = [*_activity(hold), *_measured(hold)]
    return observation


def _corrected(hold: Row) -> bool:
    """The wearer named another stretch or leg than was measured."""
    measured = (hold["measured_stretch"], hold["measured_side"])
    return measured != (hold["stretch"], hold["side"])


def _activity(hold: Row) -> Iterator[dict[str, Any]]:
    stretch = hold["stretch"].replace("_", " ")
    yield {
        "code": _coded(_LOINC, "73985-4", "Exercise activity"),
        "valueCodeableConcept": {
            **_coded(_SNOMED, "229070002", "Stretching exercises"),
            "text": "stretch" if stretch == "other" else f"{stretch} stretch",
        },
    }
    yield {"code": {"text": "why the hold ended"}, "valueString": hold["reason"]}


def _measured(hold: Row) -> Iterator[dict[str, Any]]:
    for name, words, unit in _MEASURES:
        if hold[name] is not None:
            yield {"code": {"text": words}, "valueQuantity": _quantity(hold[name], unit)}


def _coded(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}
