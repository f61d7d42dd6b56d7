"""Statistics as pure functions of plain numbers.

These files need only the standard library, so that web processes stay small.
"""
