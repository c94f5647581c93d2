"""The picture of a recording: what the detector saw, what it found, and why."""
