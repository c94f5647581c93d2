"""Print the AsyncAPI document, or write it: `python -m tracker.mqtt.asyncapi [FILE]`."""

from __future__ import annotations

import sys
from pathlib import Path

from tracker.mqtt.asyncapi.document import written

if len(sys.argv) > 1:
    Path(sys.argv[1]).write_text(written(), "utf-8")
else:
    sys.stdout.write(written())
