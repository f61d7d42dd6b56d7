"""Code in colour: Pygments tokens as CSS classes, hidden characters still shown."""

import time

from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

from feedback.text.badges import badged

MAX_CODE = 8 * 1024  # characters of one block
MAX_LINE = 1_000
SECONDS = 0.2  # of processor time, for all blocks of one text together
# By the fence's name only, never guessed.
LANGUAGES = frozenset(
    "bash c cpp csharp css diff go html http ini java javascript js json jsx kotlin php powershell python py r ruby"
    " rust scala sh shell sql swift toml ts tsx typescript xml yaml yml".split()
)


class Patience:
    """What one text may still cost to colour: 8 kB of "a" and line ends keep the C# lexer busy for 12 seconds.

    Counted in the thread's own processor time, so that a busy machine does not take the colours away.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.left = seconds


def highlighted(code: str, language: str, patience: Patience) -> str:
    """Escaped HTML of the code, with `<span class="…">` around tokens; without colour if it is odd, long or slow."""
    language = language.lower()
    if language not in LANGUAGES or len(code) > MAX_CODE or max(map(len, code.split("\n"))) > MAX_LINE:
        return badged(code)
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)  # its first use loads it, at our cost
    ends_at = time.thread_time() + patience.left
    pieces = []
    for kind, value in lexer.get_tokens(code):
        if time.thread_time() > ends_at:
            patience.left = 0
            return badged(code)
        name = STANDARD_TYPES.get(kind, "")
        pieces.append(f'<span class="{name}">{badged(value)}</span>' if name else badged(value))
    patience.left = ends_at - time.thread_time()
    return "".join(pieces)
