"""Who may see the page: everybody on this machine, or who knows the password.

A login that keeps failing is made to wait, from each address for itself; the compare takes the same
time whatever was wrong. A page of another site cannot act here: cookies are SameSite=Strict, and
what changes something must come from our own origin as JSON. Nor can a page of another site that
gives its own name our address (DNS rebinding): we answer to addresses and to our own names alone.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Collection

from tracker.errors import StretchbandError

TRIES = 5  # at once, then
PER_TRY_S = 10.0
REMEMBERED = 1000  # addresses; the one that was silent longest is forgotten
MIN_LENGTH = 8


def check(host: str, password: str | None) -> None:
    """Raise StretchbandError where others could reach the page without a good password."""
    if password is not None and len(password) < MIN_LENGTH:
        raise StretchbandError(
            f"the page's password is too short; at least {MIN_LENGTH} characters are asked for"
        )
    if password is None and not is_loopback(host):
        raise StretchbandError(
            f"the page on {host} could be read by others: name dashboard.password_file in the "
            "config, or stay on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def own_names(*configured: str) -> set[str]:
    """Under which names this machine's page is asked for, beside any address."""
    machine = socket.gethostname().lower()
    return {"localhost", machine, f"{machine}.local", *(name.lower() for name in configured)}


class Door:
    """Answers to its names, compares passwords, and makes who fails wait."""

    def __init__(
        self,
        password: str | None,
        now_s: Callable[[], float] = time.monotonic,
        names: Collection[str] = ("localhost",),
    ) -> None:
        """names: in lower case; an address is answered to without being named."""
        self._names = names
        self._password = None if password is None else password.encode()
        self._now_s = now_s
        # Address -> (tries left, when that was), the latest last.
        self._tries: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @property
    def is_open(self) -> bool:
        """There is no password."""
        return self._password is None

    def answers_to(self, host: str) -> bool:
        """Whether the Host of a request, `name` or `name:port`, is one of ours."""
        name, colon, port = host.rpartition(":")
        if not colon or not port.isdecimal():
            name = host
        if name.lower() in self._names:
            return True
        try:
            ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return True

    @property
    def cookie_key(self) -> str:
        """Signs the cookies: a new password ends all logins, a new start none."""
        return hashlib.blake2b(b"stretchband cookie", key=(self._password or b"")[:64]).hexdigest()

    def wait_s(self, address: str) -> float:
        """How long this address has to wait before its next try; 0: it may try."""
        left = self._left(address)
        return 0.0 if left >= 1.0 else (1.0 - left) * PER_TRY_S

    def admit(self, address: str, password: str) -> bool:
        """Whether the password is right; a wrong one costs a try."""
        if self._password is None:
            return True
        if hmac.compare_digest(password.encode(), self._password):
            self._tries.pop(address, None)
            return True
        self._tries[address] = (self._left(address) - 1.0, self._now_s())
        self._tries.move_to_end(address)
        while len(self._tries) > REMEMBERED:
            self._tries.popitem(last=False)
        return False

    def _left(self, address: str) -> float:
        left, since_s = self._tries.get(address, (float(TRIES), self._now_s()))
        return min(float(TRIES), left + (self._now_s() - since_s) / PER_TRY_S)
