"""Moving by keyboard, and selecting words with the mouse, as people do."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

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


def focused_text(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.textContent")
    return text
