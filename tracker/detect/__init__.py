"""Samples in, events out. No I/O, no clock, no logging."""
