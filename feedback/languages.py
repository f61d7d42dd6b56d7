"""The languages of the pages: one for each compiled catalogue in `locale/`, and the words that scripts say in them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.translation import get_language, to_language
from django.utils.translation.trans_real import DjangoTranslation

ENGLISH = "en"  # as it stands in templates, Python and scripts
LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"


def translated_into(folder: Path) -> list[tuple[str, str]]:
    """Code and own name of each language beside English; `locale/de/LC_MESSAGES/django.mo` is German."""
    codes = [to_language(path.parts[-3]) for path in sorted(folder.glob("*/LC_MESSAGES/django.mo"))]
    return [(code, LANG_INFO.get(code, {}).get("name_local", code)) for code in codes]


def script_words() -> dict[str, str]:
    """What gettext.js needs on a page in the language of this request; empty in English, which is in the scripts."""
    language = get_language() or ENGLISH
    return {} if language.partition("-")[0] == ENGLISH else words_in(language)


@lru_cache(maxsize=64)
def words_in(language: str) -> dict[str, str]:
    catalogue = DjangoTranslation(language, domain="djangojs", localedirs=[str(path) for path in settings.LOCALE_PATHS])
    messages = getattr(catalogue, "_catalog", None)
    return {key: value for key, value in messages.items() if key and isinstance(key, str)} if messages else {}
