"""The daemon: what runs, and what each part hands to the next."""

from tracker.daemon.tasks import Daemon

__all__ = ["Daemon"]
