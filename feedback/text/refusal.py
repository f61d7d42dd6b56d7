"""How text and JSON are refused."""


class CanonicalError(ValueError):
    """A refusal: a stable code, a JSON pointer to the place ("" for the whole), and a sentence for people.

    Pointer and message are themselves safe to store and to send: no NUL, no lone surrogate, bounded length.
    """

    def __init__(self, code: str, pointer: str, message: str) -> None:
        super().__init__(code, pointer, message)
        self.code = code
        self.pointer = pointer
        self.message = message

    def __str__(self) -> str:
        return self.message
