"""The breath inside a hold, and how much deeper the leg is in the end.

    steps --beats--> points --rhythm (oscillators)--> a cycle turns: is a breath over?
                       |                                |
                       | movement (whitening)           |
                       v                                v
                     a row of breaths          plain: over the last few --dating--> telling
                     is laid over it           whole (ways): over all of the hold at its end:
                     (template, segments,      count and rate; and the gain (deepening)
                     cycles)                   dating: other shapes, and the wearer's habit

A *beat* is 0.4 s, a *point* how far the leg has moved by then, deepening and sideways. A *rhythm*
is a usual length of a breath. A *row* is breaths without a gap, each as long as it must be.
Breaths.py puts them together for held.py.
"""
