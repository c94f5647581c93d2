"""From a band's frames to stored events: one fold, the same live and after a restart.

    arrivals -> times unwrapped -> Session.receive -> events with wall time -> one transaction

The recorder has no state that the store cannot rebuild. After a restart it folds the frames since
the last finished session again; their events have the same ids, so storing them changes nothing.
What the store refused to write is kept and written when it is given again; where something else
comes first it is forgotten, and folded anew when it is given again.
Everything here is synchronous and runs on the store's thread.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from tracker.band_time import BandTime
from tracker.bands.arrivals import Arrival, Greeting
from tracker.detect.events import Event, Side
from tracker.detect.posture.taught import TAUGHT, Lesson, Taught, TeachingError, heard, to_json
from tracker.detect.samples import Axes, Block
from tracker.detect.session import Live, Session, Settings
from tracker.replay import in_order, replayed
from tracker.store import Resume, Store, StoredCommand, StoredFrame

_SIDES: Final[dict[str, Side]] = {"left": "left", "right": "right"}
ASLEEP = "asleep"  # kept among the wearer's commands: the band stopped sampling here


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch of arrivals brought: events, and points to draw.

    last_s:  seconds on the band's clock of the last sample.
    staying: a hold goes on and the leg is not on its way out of it.
    again:   older events since the last finished session, when they had to be found again.
    lesson:  what was learnt, or why not, when a lesson is over.
    """

    events: list[Event] = field(default_factory=list)
    again: list[Event] = field(default_factory=list)
    live: list[Live] = field(default_factory=list)
    last_s: float = -math.inf
    staying: bool = False
    lesson: Taught | TeachingError | None = None


class Recorder:
    """Folds one band's frames into events and stores both."""

    def __init__(self, store: Store, band_id: str, axes: Axes, settings: Settings) -> None:
        self._store = store
        self._band_id = band_id
        self._axes = axes
        self._settings = settings
        self._configured_side = settings.side
        self._lesson: Lesson | None = None
        self._looked: Lesson | None = None  # whose look was the last
        self._time = BandTime(store, band_id)
        self._forget()

    def _forget(self) -> None:
        self._torn = False  # something is folded here that is not stored
        # What came last and could not be written; before that, what a restart found.
        self._unwritten: tuple[Sequence[Arrival | Greeting], Outcome] | None = None
        self._found_again: list[Event] | None = None
        self._session: Session | None = None
        self._time.forget()
        self._resume: Resume | None = None
        # Frames that a restart would fold again: (seq, time of the first sample).
        self._unfinished: deque[tuple[int, float]] = deque()
        # What is to be stored next, in one transaction.
        self._frames: list[StoredFrame] = []
        self._said: list[StoredCommand] = []

    @property
    def backwards(self) -> int:
        """Frames that were not believed, because their clock goes backwards within a boot."""
        return self._time.backwards

    @property
    def worn(self) -> bool | None:
        """Whether the band is on a leg, None while that is not known."""
        return None if self._session is None else self._session.worn

    @property
    def side(self) -> Side | None:
        """The leg as the wearer or the config says it; None: gravity tells."""
        return self._settings.side

    @property
    def taught(self) -> tuple[Taught, ...]:
        """The wearer's own postures."""
        return self._settings.taught

    @property
    def resume(self) -> Resume | None:
        """Where what is folded so far would be folded again from."""
        return self._resume

    def restart(self) -> list[Event]:
        """Fold what is stored since the last finished session, as if it came now.

        Raises what the store raises: then call it again; what only was not written is kept.
        """
        if self._found_again is None:
            self._forget()
            self._torn = True
            self._resume = self._store.resume(self._band_id)
            self._found_again = [event for _, found in self._replay() for event in found]
            self._take_live()
        events = self._found_again
        self._save(events)
        return events

    def refold(self) -> Iterator[tuple[int, list[Event]]]:
        """All stored frames, some at a time: how many, and what they give; nothing is stored.

        A `restart` must follow before anything else comes.
        """
        self._forget()
        self._torn = True
        for frames, events in self._replay():
            self._take_live()
            yield frames, events

    def _replay(self) -> Iterator[tuple[int, list[Event]]]:
        """What the frames from the resume point on give, with what was said meanwhile."""
        said = replayed(self._store.commands(self._band_id, self._resume), self._resume)
        self._hear_what_was_said_before(said)
        for frames, words in in_order(self._store.frames(self._band_id, self._resume), said):
            events = self._fold(frames)
            for word in words:
                events += self._obey(word)
            yield len(frames), events

    def receive(self, arrivals: Sequence[Arrival | Greeting]) -> Outcome:
        """Fold and store what has just come. Raises what the store raises: then give it again.

        The same list is folded once, however often it cannot be written.
        """
        if self._unwritten is None or self._unwritten[0] is not arrivals:
            again = self._mend()
            self._torn = True
            self._unwritten = arrivals, replace(self._take(arrivals), again=again)
        outcome = self._unwritten[1]
        self._save(outcome.events)
        if outcome.lesson is not None and self._lesson is self._looked:
            self._lesson = None  # another may have begun while this could not be written
        return outcome

    def _take(self, arrivals: Iterable[Arrival | Greeting]) -> Outcome:
        """Fold what has just come; what it gives is still to be stored."""
        events: list[Event] = []
        lesson: Taught | TeachingError | None = None
        for arrival in arrivals:
            if isinstance(arrival, Greeting):
                events += self._greet(arrival)
            elif (frame := self._time.dated(arrival)) is not None:
                self._frames.append(frame)
                events += self._fold([frame])
                lesson = lesson or self._look()
        staying = self._session is not None and self._session.staying
        return Outcome(events, [], self._take_live(), self._time.last_s, staying, lesson)

    def teach(self, lesson: Lesson) -> None:
        """Learn the next posture that is held; `receive` tells when. Ends a lesson under way."""
        self._lesson = lesson

    def command(self, name: str, payload: str = "") -> Outcome:
        """Obey the wearer, or the band's sleep, from the last sample on: now and in each refold.

        Kept also when no session is open: a note and a side may be told to a band that sleeps.
        Raises what the store raises: then say it again.
        """
        again = self._mend()
        self._torn = True
        events = self._say(self._word(name, payload))
        self._save(events)
        return Outcome(events, again)

    def _mend(self) -> list[Event]:
        """Go back to what is stored if something else is folded; the events found there again."""
        return self.restart() if self._torn else []

    def _save(self, events: Sequence[Event]) -> None:
        """All that is folded and not stored, in one transaction."""
        self._store.add(
            self._band_id,
            self._frames,
            events,
            self._resume,
            commands=self._said,
            clocks=self._time.heard,
        )
        self._frames.clear()
        self._said.clear()
        self._time.heard.clear()
        self._torn, self._unwritten, self._found_again = False, None, None

    def _fold(self, frames: Sequence[StoredFrame]) -> list[Event]:
        """What frames of one clock give, one after the other."""
        boot_id = frames[0].frame.boot_id
        events = [] if self._goes_on(boot_id) else self._begin(frames[0])
        assert self._session is not None
        t_s = np.concatenate([stored.t_s for stored in frames])
        acc_g = np.concatenate([stored.frame.acc_g for stored in frames])
        block = Block(t_s, self._axes.apply(acc_g))
        if self._resume is not None and t_s[0] < self._resume.t_s:
            block = block.between(int(np.searchsorted(t_s, self._resume.t_s)))
        events += self._session.receive(block)
        self._time.last_s = float(t_s[-1])
        self._unfinished.extend((stored.frame.seq, stored.t_first_s) for stored in frames)
        self._move_resume()
        return self._time.at_the_wall(events)

    def _goes_on(self, boot_id: int) -> bool:
        return self._session is not None and boot_id == self._time.boot_id

    def _begin(self, stored: StoredFrame) -> list[Event]:
        """A new clock, or the first sample after sleep: nothing of before reaches across."""
        events: list[Event] = []
        if self._session is not None:
            events = self._time.at_the_wall(self._session.close("reboot"))
            self._resume = None
        frame = stored.frame
        if self._resume is None or self._resume.boot_id != frame.boot_id:
            self._resume = Resume(frame.boot_id, frame.seq, stored.t_first_s)
        self._time.boot_id = frame.boot_id
        self._unfinished.clear()
        self._session = Session(self._band_id, frame.boot_id, self._settings)
        return events

    def _move_resume(self) -> None:
        assert self._session is not None
        resume_s = self._session.resume_s
        if resume_s is None:
            return
        while len(self._unfinished) > 1 and self._unfinished[1][1] <= resume_s:
            self._unfinished.popleft()
        self._resume = Resume(self._time.boot_id, self._unfinished[0][0], resume_s)

    def _greet(self, greeting: Greeting) -> list[Event]:
        """A word from the band itself: what time it has, and whether it sleeps."""
        status = greeting.status
        self._time.greeted(greeting)
        caught_up = bool(self._unfinished) and status.head_seq == self._unfinished[-1][0] + 1
        if not (status.asleep and caught_up and self._session is not None):
            return []
        return self._say(self._word(ASLEEP))

    def _look(self) -> Taught | TeachingError | None:
        """Is the posture of the lesson held? It is known from the frame on that shows it."""
        if self._lesson is None or self._session is None:
            return None
        self._looked = self._lesson
        try:
            taught = self._lesson.look(self._session.posed, self._time.last_s)
        except TeachingError as error:
            return error
        if taught is not None:
            self._say(StoredCommand(self._time.boot_id, self._time.last_s, TAUGHT, to_json(taught)))
        return taught

    def _word(self, name: str, payload: str = "") -> StoredCommand:
        """Said at the last sample."""
        return StoredCommand(self._time.boot_id, max(self._time.last_s, 0.0), name, payload)

    def _say(self, command: StoredCommand) -> list[Event]:
        """A new word: obeyed now, stored with the next transaction."""
        self._said.append(command)
        return self._obey(command)

    def _obey(self, command: StoredCommand) -> list[Event]:
        self._hear(command)
        if self._session is None:
            return []
        match command.name:
            case "end":
                events = self._session.end_hold("command")
            case "pain":
                events = self._session.end_hold("pain")
            case "asleep":
                events = self._sleep()
            case _:
                events = []
        return self._time.at_the_wall(events)

    def _take_side(self, word: str | None) -> None:
        """`left` or `right` from here on, over sleep and reboots; `auto`: what the config says."""
        known = _SIDES.get(word or "", self._configured_side)
        self._settings = replace(self._settings, side=known)
        if self._session is not None:
            self._session.set_side(known)

    def _take_taught(self, taught: tuple[Taught, ...]) -> None:
        self._settings = replace(self._settings, taught=taught)
        if self._session is not None:
            self._session.set_taught(taught)

    def _hear(self, command: StoredCommand) -> None:
        """What holds from here on, over sleep and reboots."""
        if command.name == "side":
            self._take_side(command.payload)
        self._take_taught(heard(self.taught, command.name, command.payload or ""))

    def _hear_what_was_said_before(self, replayed: Iterable[StoredCommand]) -> None:
        """What was said before the commands that are replayed still holds."""
        self._take_side(None)
        self._take_taught(())
        later = Counter(replayed)
        before: list[StoredCommand] = []
        for command in reversed(self._store.commands(self._band_id, None)):
            if later[command] > 0:
                later[command] -= 1
            else:
                before.append(command)
        for command in reversed(before):
            self._hear(command)

    def _sleep(self) -> list[Event]:
        """No more samples until the band is moved: what is open ends with the last one."""
        assert self._session is not None
        events = self._session.close()
        self._session = None
        next_seq = self._unfinished[-1][0] + 1
        self._resume = Resume(
            self._time.boot_id, next_seq, math.nextafter(self._time.last_s, math.inf)
        )
        return events

    def _take_live(self) -> list[Live]:
        return [] if self._session is None else self._session.take_live()
