"""Samples become steps: where up is, how fast it turns, how restless the leg is."""
