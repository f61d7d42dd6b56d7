"""Cells of CSV files: text that a spreadsheet would run as a formula gets an apostrophe before it."""

# Also in full width, which spreadsheets of East Asia read as the same sign.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text
