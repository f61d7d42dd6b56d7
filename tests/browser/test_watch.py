"""The watch itself: what it must hear."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect


def test_it_hears_a_broken_policy_an_exception_and_a_missing_file(open_browser: Any, watch: Any) -> None:
    page = open_browser()
    page.goto("/accounts/login/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert watch.complaints == []
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "alert(1)";
      document.body.append(script);
      setTimeout(() => { throw new Error("broken"); });
      return fetch("/static/none.js");
    }""")
    page.wait_for_timeout(200)
    heard = " ".join(watch.complaints)
    watch.complaints.clear()
    for words in ("policy: script-src", "exception: broken", "404: GET"):
        assert words in heard
    assert watch.dialogs == []
