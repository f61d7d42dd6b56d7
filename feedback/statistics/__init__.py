"""Statistics as pure functions of plain numbers.

Files that web processes import need only the standard library, so that they stay small. `preference`, `ranks` and
`agreement` need numpy or scipy, and are imported by workers only.
"""
