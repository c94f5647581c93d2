"""The one door of the detector: blocks of samples in, events out."""
