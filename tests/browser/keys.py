"""Moving by keyboard, and selecting words with the mouse, as people do."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

# Where words stand on the screen: the middle of the first and of the last character of `quote` in the element.
ENDS = """(layer, quote) => {
  const at = layer.textContent.indexOf(quote);
  const box = (unit) => {
    const walker = document.createTreeWalker(layer, NodeFilter.SHOW_TEXT);
    let seen = 0;
    for (let node = walker.nextNode(); node; seen += node.length, node = walker.nextNode()) {
      if (unit > seen + node.length) continue;
      const caret = document.createRange();
      caret.setStart(node, unit - seen);
      return caret.getBoundingClientRect();
    }
  };
  layer.scrollIntoView({ block: "center", behavior: "instant" });
  const [from, to] = [box(at), box(at + quote.length)];
  return [from.left, from.top + from.height / 2, to.left, to.top + to.height / 2];
}"""

# Runs in every page before its own scripts. At each Tab it looks at the element that is about to lose the focus, in its
# place as a person sees it. `walk.faults` holds what was wrong; once round, `walk.end()` adds what was left
# out or came too early.
WALK = """
(() => {
  const walk = (globalThis.walk = { stops: [], faults: [], isRound: false });
  const say = (element) => element.outerHTML.replace(/\\s+/g, " ").slice(0, 140);
  const fault = (words, element) => walk.faults.push(`${words}: ${say(element)}`);

  const look = (element) => [element, element.parentElement, ...(element.labels || [])].map((one) => {
    const { outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor } = getComputedStyle(one);
    return [outlineStyle !== "none" && outlineWidth, boxShadow, borderColor, backgroundColor];
  }).join();
  const isHit = (element, { left, right, top, bottom }) => {
    const [from, to] = [Math.max(left, 0), Math.min(right, innerWidth)];
    const [high, low] = [Math.max(top, 0), Math.min(bottom, innerHeight)];
    if (from >= to || high >= low) return false;
    return [[.5, .5], [.1, .1], [.9, .1], [.1, .9], [.9, .9]].some(([x, y]) => {
      const hit = document.elementFromPoint(from + (to - from) * x, high + (low - high) * y);
      return hit && (element.contains(hit) || hit.closest("label")?.control === element);
    });
  };
  const isInView = (element) =>
    [element, ...(element.labels || [])].some((one) => [...one.getClientRects()].some((box) => isHit(element, box)));

  let last = null;
  walk.see = () => {
    const element = document.activeElement;
    if (element === last?.element) return; // a date has several places in it
    if (last?.element.isConnected && last.look === look(last.element)) fault("shows no focus", last.element);
    last = null;
    walk.isRound ||= element !== document.body && walk.stops.includes(element);
    if (!walk.isRound) walk.stops.push(element);
    if (element.tabIndex < 0) return; // the body, or a part that the page itself went to
    if (!isInView(element)) fault("is out of view", element);
    last = { element, look: look(element) };
  };
  addEventListener("keydown", (event) => { if (event.key === "Tab") walk.see(); }, true);
  const keepStill = (event) => { // news would put others in the place of what was seen
    const isAsked = event.detail.requestConfig?.triggeringEvent; // a poll has no event
    if (walk.isStill && !isAsked) event.preventDefault();
  };
  document.addEventListener("htmx:beforeRequest", keepStill);
  document.addEventListener("htmx:beforeSwap", keepStill); // of those that were asked for before

  const follows = (before, element) => before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  const WAYS = "a[href], button, input, select, textarea, summary, [tabindex]";
  const isFor = (element) => !element.disabled && element.tabIndex >= 0 && !element.closest("[inert]")
    && element.checkVisibility({ visibilityProperty: true });
  const isReached = (element) => walk.stops.includes(element)
    || (element.type === "radio" && walk.stops.some((one) => one.type === "radio" && one.name === element.name));
  walk.end = () => {
    walk.stops.forEach((element, at) => {
      const before = walk.stops[at - 1];
      if (!before || element === document.body || element.matches(".skip")) return;
      const isWrong = before === document.body ? document.querySelector(".skip") : !follows(before, element);
      if (isWrong) fault("comes out of its order", element);
    });
    for (const element of document.querySelectorAll(WAYS)) {
      if (isFor(element) && !isReached(element)) fault("is not reached", element);
    }
    return walk.faults;
  };
})();
"""


def tab_to(page: Page, target: Locator, *, most: int = 60) -> None:
    """Press Tab until the target has the focus: it can be reached without a mouse."""
    for _ in range(most):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by {most} tabs")


def press(page: Page, target: Locator) -> None:
    """Go to the target by Tab and press Enter."""
    tab_to(page, target)
    page.keyboard.press("Enter")


def drag_over(page: Page, layer: Locator, quote: str) -> None:
    """Select these words with the mouse."""
    left, top, right, bottom = layer.evaluate(ENDS, quote)
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move((left + right) / 2, (top + bottom) / 2)
    page.mouse.move(right, bottom)
    page.mouse.up()


def until(page: Page, condition: str) -> None:
    """Wait until this expression holds in the page; the policy of its scripts forbids `page.wait_for_function`."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"Never true within 15 s: {condition}")


def until_focused(page: Page, words: str) -> None:
    until(page, f"document.activeElement.textContent.includes({json.dumps(words)})")


def faults_of_walk(page: Page, *, most: int = 400) -> list[str]:
    """Tab all the way round, from wherever the focus is; `WALK` runs in the page, which asks for no news meanwhile."""
    page.evaluate("walk.isStill = true")
    for _ in range(0, most, 20):
        for _ in range(20):
            page.keyboard.press("Tab")
        if page.evaluate("walk.isRound"):
            faults: list[str] = page.evaluate("walk.end()")
            return faults
    return [f"goes on after {most} stops"]


ARRIVED = """(target) => {
  const isHere = target === document.activeElement;
  if (isHere) walk.see();
  return [isHere ? "here" : target.isConnected ? "" : "gone", walk.faults];
}"""


class Hands:
    """A person who has no mouse. Every stop on their way has to be in view and to show that it has the focus."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.context.add_init_script(WALK)

    def key(self, *keys: str) -> None:
        self.page.wait_for_load_state("load")  # before, nobody would hear it
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def go_to(self, target: Locator, *, most: int = 250) -> Locator:
        expect(target).to_be_visible()
        element = target.element_handle()
        for _ in range(most):
            state, faults = self.page.evaluate(ARRIVED, element)
            assert faults == [], faults
            if state == "here":
                return target
            if state == "gone":  # swapped for a newer one
                element = target.element_handle()
            self.key("Tab")
        raise AssertionError(f"{target} is not reached by {most} tabs")

    def reach(self, role: Any, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        return self.go_to((within or self.page).get_by_role(role, name=name).filter(visible=True))

    def press(self, role: Any, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        self.reach(role, name, within)
        self.key("Enter")

    def fold(self, words: str) -> None:
        """Open or close a menu or a folded part."""
        self.go_to(self.page.locator("summary").filter(has_text=words).filter(visible=True))
        self.key("Enter")

    def tick(self, name: str | re.Pattern[str], role: Any = "checkbox") -> None:
        self.reach(role, name)
        self.key("Space")

    def write(self, label: str, text: str) -> None:
        self.go_to(self.page.get_by_label(label, exact=True).filter(visible=True))
        self.key("Control+a")
        self.type(text)

    def open(self, label: str) -> None:
        """A page of the bar: in its menus, which hold all of them on a phone."""
        bar = self.page.locator(".topbar")
        link = bar.get_by_role("link", name=label, exact=True)
        menu = bar.get_by_label("Pages").or_(bar.get_by_text("More", exact=True)).locator("visible=true").first
        if not link.locator("visible=true").count():
            self.go_to(menu)
            self.key("Enter")
        address = self.go_to(link.locator("visible=true")).get_attribute("href")
        self.key("Enter")
        self.page.wait_for_url(f"**{address}**")
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
