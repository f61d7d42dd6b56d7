"""How answers are refused."""


class AnswersRefused(ValueError):
    """What must be mended: `errors` is a list of {"pointer", "detail"}, pointers into the answers (RFC 6901)."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{error['pointer']}: {error['detail']}" for error in errors))
        self.errors = errors


def refused(pointer: str, detail: str) -> AnswersRefused:
    """One refusal, to be raised; whoever checks several things gathers them."""
    return AnswersRefused([{"pointer": pointer, "detail": detail}])
