"""FIT: an activity for each session, sport training, sub-sport flexibility training, a set a hold.

FIT has no field for the leg and one name for both stretches of the quad: `side` and `stretch` are
developer fields. Several sessions are a chained FIT file, each activity whole with its own head and
check sum; that is also why the memory stays flat. FIT's moments are whole seconds, a set's duration
is in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any
from uuid import UUID
from zlib import crc32

from fit_tool import FitFileBuilder
from fit_tool.base_type import BaseType
from fit_tool.developer_field import DeveloperField
from fit_tool.profile.messages.activity_message import ActivityMessage
from fit_tool.profile.messages.developer_data_id_message import DeveloperDataIdMessage
from fit_tool.profile.messages.event_message import EventMessage
from fit_tool.profile.messages.field_description_message import FieldDescriptionMessage
from fit_tool.profile.messages.file_id_message import FileIdMessage
from fit_tool.profile.messages.lap_message import LapMessage
from fit_tool.profile.messages.record_message import RecordMessage
from fit_tool.profile.messages.session_message import SessionMessage
from fit_tool.profile.messages.set_message import SetMessage
from fit_tool.profile.profile_type import (
    Activity,
    Event,
    EventType,
    ExerciseCategory,
    FileType,
    Manufacturer,
    SetType,
    Sport,
    SubSport,
    WarmUpExerciseName,
)

from tracker.export.tables import Row, Table
from tracker.store.times import unix

_OURS = UUID("2f910309-327e-5db6-841f-92be12d1d90f")  # the developer fields' application
_FIELDS = ("side", "stretch")
_PRODUCT = 1
_NAMES = {
    "hamstring": WarmUpExerciseName.STRETCH_HAMSTRING,
    "inner_thigh": WarmUpExerciseName.STRETCH_LYING_ABDUCTION,
    "prone_quad": WarmUpExerciseName.STRETCH_QUAD,
    "standing_quad": WarmUpExerciseName.STRETCH_QUAD,
}


def write(table: Table) -> Iterator[bytes]:
    """The table of finished, dated holds, in pieces."""
    holds = (hold for batch in table.batches for hold in batch)
    for _, session in groupby(holds, key=_session):
        yield _activity(list(session))


def _session(hold: Row) -> tuple[str, str]:
    """A hold without a session is one for itself."""
    return hold["band_id"], hold["session_id"] or hold["hold_id"]


def _activity(holds: list[Row]) -> bytes:
    begin_ms, end_ms = _ms(holds[0]["started_at"]), max(_ms(hold["ended_at"]) for hold in holds)
    file = FitFileBuilder(strict=True)
    file.add_all(
        [
            _file_id(holds[0]["band_id"], begin_ms),
            *_developer_fields(),
            _timer(begin_ms, EventType.START),
        ]
    )
    for number, hold in enumerate(holds):
        file.add_all([_set(number, hold), _record(_ms(hold["ended_at"]))])
    file.add_all([_timer(end_ms, EventType.STOP_ALL), *_sums(begin_ms, end_ms)])
    return bytes(file.build_bytes())


def _file_id(band_id: str, begin_ms: int) -> Any:
    message = FileIdMessage()
    message.type = FileType.ACTIVITY
    message.manufacturer = Manufacturer.DEVELOPMENT.value
    message.product = _PRODUCT
    message.serial_number = crc32(band_id.encode()) or 1  # 0 means none
    message.time_created = begin_ms
    return message


def _developer_fields() -> Iterator[Any]:
    application = DeveloperDataIdMessage()
    application.application_id = _OURS.bytes
    application.application_version = 1
    application.developer_data_index = 0
    yield application
    for number, name in enumerate(_FIELDS):
        field = FieldDescriptionMessage()
        field.developer_data_index = 0
        field.field_definition_number = number
        field.fit_base_type_id = BaseType.STRING.value
        field.field_name = name
        yield field


def _timer(at_ms: int, what: Any) -> Any:
    message = EventMessage()
    message.timestamp = at_ms
    message.event = Event.TIMER
    message.event_type = what
    return message


def _set(number: int, hold: Row) -> Any:
    message = SetMessage(developer_fields=list(_said(hold)))
    message.message_index = number
    message.timestamp = _ms(hold["ended_at"])
    message.start_time = _ms(hold["started_at"])
    message.duration = hold["duration_s"]
    message.set_type = SetType.ACTIVE.value
    message.category = [ExerciseCategory.WARM_UP]
    if hold["stretch"] in _NAMES:
        message.category_subtype = [_NAMES[hold["stretch"]].value]
    return message


def _said(hold: Row) -> Iterator[Any]:
    for number, name in enumerate(_FIELDS):
        if hold[name] is not None:
            field = DeveloperField(
                number, name, BaseType.STRING, growable=True, developer_data_index=0
            )
            field.set_value(0, hold[name])
            yield field


def _record(at_ms: int) -> Any:
    """An activity has a record at least: the end of each hold."""
    message = RecordMessage()
    message.timestamp = at_ms
    return message


def _sums(begin_ms: int, end_ms: int) -> Iterator[Any]:
    lap, session, activity = LapMessage(), SessionMessage(), ActivityMessage()
    for part in (lap, session):
        part.message_index = 0
        part.start_time = begin_ms
        part.total_elapsed_time = (end_ms - begin_ms) / 1000
        part.sport, part.sub_sport = Sport.TRAINING, SubSport.FLEXIBILITY_TRAINING
    session.first_lap_index, session.num_laps = 0, 1
    activity.num_sessions, activity.type = 1, Activity.MANUAL
    for whole in (lap, session, activity):
        whole.timestamp = end_ms
        whole.total_timer_time = (end_ms - begin_ms) / 1000
        yield whole


def _ms(at: str) -> int:
    return round(unix(at) * 1000)
