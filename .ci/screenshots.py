"""Take the pictures of README and docs from a demo instance of this checkout: `make screenshots`.

Starts an instance of its own in a temporary folder, signs in as each role and writes docs/img/<name>.png. Look at each
picture before committing it.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright
from servers import free_port

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "img"
PROJECT = "/p/travel-assistant/"
ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def nothing(page: Page) -> None:
    """The page as it opens."""


def begin(queue: str) -> Callable[[Page], None]:
    """Press the queue's button on my work, so that the desk opens."""

    def act(page: Page) -> None:
        page.get_by_role("listitem").filter(has_text=queue).first.get_by_role("button").first.click()
        page.wait_for_selector("#review-form")

    return act


def first_link(selector: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator(selector).first.click()
        page.wait_for_load_state("networkidle")

    return act


class Picture(NamedTuple):
    name: str
    role: str
    path: str
    act: Callable[[Page], None] = nothing
    width: int = 1440
    scheme: str = "light"


PICTURES = [
    Picture("overview", "curator", "overview/"),
    Picture("overview-dark", "curator", "overview/", scheme="dark"),
    Picture("responses", "curator", "responses/"),
    Picture("response", "curator", "responses/", first_link("#responses th[scope=row] a")),
    Picture("review", "reviewer", "work/", begin("Groundedness")),
    Picture("review-phone", "reviewer", "work/", begin("Groundedness"), width=390),
    Picture("compare-dark", "reviewer", "work/", begin("Which answer is better"), scheme="dark"),
    Picture("moderation", "moderator", "moderation/"),
    Picture("dataset", "curator", "datasets/better-answers/"),
    Picture("people", "admin", "people/"),
]


@contextlib.contextmanager
def instance() -> Iterator[tuple[str, dict[str, str]]]:
    """A served demo: its address and a sign-in link for each role."""
    with tempfile.TemporaryDirectory(prefix="touchstone-pictures-") as folder:
        port = str(free_port())
        environment = {**os.environ, "VAR_DIR": folder, "PORT": port}
        manage = [sys.executable, str(ROOT / "manage.py")]
        subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, check=True)
        made = subprocess.run([*manage, "demo", "--json"], env=environment, check=True, capture_output=True, text=True)
        links = {link["role"]: link["url"] for link in json.loads(made.stdout)["links"]}
        server = subprocess.Popen([*manage, "serve"], env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}", links
        finally:
            server.terminate()
            server.wait(60)


def wait_for(address: str) -> None:
    for _ in range(120):
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.5)
    raise SystemExit(f"{address} did not answer within a minute.")


def sign_in(browser: Browser, link: str) -> str:
    """The cookies of a person who pressed the button of the link."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    state = context.storage_state()
    context.close()
    return json.dumps(state)


def take(browser: Browser, base: str, cookies: str, picture: Picture) -> None:
    height = 900 if picture.width > 600 else 844
    context = browser.new_context(
        base_url=base, storage_state=json.loads(cookies), viewport={"width": picture.width, "height": height},
        color_scheme=picture.scheme, reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto(PROJECT + picture.path)
    page.wait_for_load_state("networkidle")
    picture.act(page)
    page.wait_for_timeout(500)  # charts and fonts
    page.screenshot(path=IMAGES / f"{picture.name}.png", animations="disabled")
    context.close()
    print(f"   docs/img/{picture.name}.png", flush=True)


def main() -> None:
    wanted = set(sys.argv[1:])
    IMAGES.mkdir(exist_ok=True)
    with instance() as (base, links), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        cookies = {role: sign_in(browser, link) for role, link in links.items()}
        for picture in PICTURES:
            if not wanted or picture.name in wanted:
                take(browser, base, cookies[picture.role], picture)
        browser.close()


if __name__ == "__main__":
    main()
