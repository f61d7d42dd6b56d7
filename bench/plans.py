"""How PostgreSQL answers the pages of pages.py: the plan of each page's heaviest statement, and indexes nobody asked.

    DATABASE_URL=postgres://… python bench/plans.py [--size 1000000] [--only overview]

Writes the tables of docs/explanation/indexes.md between its marks; the conclusions there are written by hand. Each
statement is run once more under EXPLAIN (ANALYZE, BUFFERS); the heaviest one touches the most blocks, whatever else
the machine does meanwhile.
"""

# ruff: noqa: E402 (the path is set before imports; bench.world sets Django up)

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from django.core.management import call_command
from django.db import connection

from bench.pages import Found, clients, measured, pages
from bench.table import SMALL, Size, asked
from bench.world import ROOT, SIZE, made

DOC = ROOT / "docs" / "explanation" / "indexes.md"
UNUSED = """
SELECT relname, indexrelname, pg_size_pretty(pg_relation_size(indexrelid)) FROM pg_stat_user_indexes
JOIN pg_index USING (indexrelid)
WHERE idx_scan = 0 AND NOT indisunique AND pg_relation_size(indexrelid) > 1000000
ORDER BY pg_relation_size(indexrelid) DESC
"""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def explained(sql: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql.replace("%", "%%"), [])
        (found,) = cursor.fetchone()
    document: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]
    return document


def blocks_of(document: dict[str, Any]) -> int:
    plan = document["Plan"]
    return int(plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0))


def line(found: Found, is_told: bool) -> str:
    """Page, its statement's tables, how they are read and by which index, rows read, pages of 8 kB, time."""
    asked = {row["sql"] for row in found.statements if row["sql"].startswith(("SELECT", "WITH", "(SELECT"))}
    sql, document = max(((sql, explained(sql)) for sql in asked), key=lambda pair: blocks_of(pair[1]))
    if is_told:
        print(f"{found.page.name}: {sql}\n", file=sys.stderr)
    plan = document["Plan"]
    scans = [node for node in nodes(plan) if "Relation Name" in node or "Index Name" in node]
    read = sum((n["Actual Rows"] + n.get("Rows Removed by Filter", 0)) * n["Actual Loops"] for n in scans)
    how = dict.fromkeys(
        f"{node['Node Type'].lower()} of {short(node.get('Index Name') or node['Relation Name'])}" for node in scans
    )
    return (
        f"| {found.page.name} | {'; '.join(list(how)[:4])} | {plan['Actual Rows']:,} | {read:,} "
        f"| {blocks_of(document):,} | {document['Execution Time']:.0f} |"
    )


def short(name: str) -> str:
    """An index's name without the mark that Django hashes."""
    return f"`{re.sub(r'_[0-9a-f]{6,8}(_idx|_uniq|_fk.*)?$', '', name)}`"


def unused() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(UNUSED)
        return [f"| `{table}` | `{index}` | {size} |" for table, index, size in cursor.fetchall()]


def put(text: str, mark: str, lines: list[str]) -> str:
    """Between the two marks of the document."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, _, rest = text.partition(begin)
    return before + "\n".join([begin, "", *lines, "", end]) + rest.partition(end)[2]


def main() -> None:
    only = Size("", "", "Pages whose name begins so: their statements are printed, the document is left alone.")
    options = asked(__doc__, size=Size(SIZE, 2_000), only=only)
    world = made(options.size)
    call_command("collectstatic", interactive=False, verbosity=0)
    people = clients(world)
    chosen = [page for page in pages(world) if page.name.startswith(options.only)]
    found = [measured(page, people[page.role], 1) for page in chosen]
    head = ["| page | how its heaviest statement reads | rows | read | blocks | ms |"]
    plans = [
        *head,
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *(line(row, bool(options.only)) for row in found if row.statements),
    ]
    if options.only or SMALL:
        print("\n".join(plans))
        return
    indexes = ["| table | index | size |", "| --- | --- | ---: |", *unused()]
    text = put(DOC.read_text(), "plans", plans)
    DOC.write_text(put(text, "unused", indexes))
    print(f"Wrote {DOC.relative_to(ROOT)}: {len(found)} pages.")


if __name__ == "__main__":
    main()
