"""Tags: what callers say of a response in a word."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Func


class HasTag(Func):
    """Whether a JSON list of strings holds the string, on both databases."""

    function = "jsonb_exists"
    output_field = BooleanField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(
            compiler,
            connection,
            template="EXISTS (SELECT 1 FROM json_each(%(expressions)s)",
            arg_joiner=") WHERE value = ",
            **extra,
        )
