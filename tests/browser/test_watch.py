"""The watch and the walk themselves: what they must hear and see."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.keys import WALK, faults_of_walk

UNFIT = """() => {
  const add = (words, given) => {
    const link = Object.assign(document.createElement("a"), { href: "#", textContent: words, ...given });
    return document.querySelector("main").appendChild(link);
  };
  add("plain").style.outline = "none";
  Object.assign(add("away").style, { position: "fixed", left: "-999px" });
  add("early", { tabIndex: 1 });
  add("hasty").addEventListener("focus", () => document.querySelector("input[type=password]").focus());
}"""
TRAP = (
    """document.querySelector("input[type=password]").addEventListener("keydown", (event) => event.preventDefault())"""
)


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


def test_the_walk_sees_what_a_person_without_a_mouse_cannot_use(open_browser: Any) -> None:
    page = open_browser(reduced_motion="reduce")
    page.context.add_init_script(WALK)
    page.goto("/accounts/login/")
    assert faults_of_walk(page) == []
    page.reload()
    page.evaluate(UNFIT)
    seen = " ".join(faults_of_walk(page))
    assert 'shows no focus: <a href="#" style="outline: none' in seen
    assert 'is out of view: <a href="#" style="position: fixed' in seen
    assert 'comes out of its order: <a class="brand"' in seen
    assert 'is not reached: <a href="#">hasty' in seen
    page.reload()
    page.evaluate(TRAP)
    assert faults_of_walk(page, most=40) == ["goes on after 40 stops"]
