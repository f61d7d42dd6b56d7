"""Code in colour: Pygments tokens as CSS classes, hidden characters still shown."""

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

from feedback.text.badges import badged

MAX_CODE = 16 * 1024  # characters; some lexers are slower than linear on hostile input
# By the fence's name only, never guessed, and only these: every lexer is a set of regular expressions that strangers feed.
LANGUAGES = frozenset(
    "bash c cpp csharp css diff go html http ini java javascript js json jsx kotlin php powershell python py r ruby rust"
    " scala sh shell sql swift toml ts tsx typescript xml yaml yml".split()
)


def highlighted(code: str, language: str) -> str:
    """Escaped HTML of the code, with `<span class="…">` around tokens when the language is known."""
    language = language.lower()
    if language not in LANGUAGES or len(code) > MAX_CODE:
        return badged(code)
    lexer: Lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    pieces = []
    for kind, value in lexer.get_tokens(code):
        name = STANDARD_TYPES.get(kind, "")
        pieces.append(f'<span class="{name}">{badged(value)}</span>' if name else badged(value))
    return "".join(pieces)
