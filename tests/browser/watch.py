"""What a page may complain about: the console, exceptions, failed requests, the content security policy."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Response

POLICY = """
addEventListener("securitypolicyviolation", (event) => {
  const { violatedDirective, blockedURI, sourceFile, lineNumber } = event;
  console.error(`policy: ${violatedDirective} refused ${blockedURI} at ${sourceFile}:${lineNumber}`);
});
"""


# The browser and htmx write these for an answer or a failure that on_response and on_failure judge by its address.
TOLD_ELSEWHERE = (
    "Failed to load resource",
    "Response Status Error Code",
    "htmx:afterRequest",
    "htmx:sendError",
    "htmx:sendAbort",
)


class Watch:
    """Collects complaints of every page of a context. `expected` holds status codes that a test provokes."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.expected: set[int] = set()
        self.asked: list[str] = []  # the address of every request
        self.dialogs: list[str] = []
        self.is_cut_off = False  # a test takes the connection away
        self.says_yes = False  # to what a page asks

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(POLICY)
        context.on("console", self.on_console)
        context.on("weberror", lambda event: self.complaints.append(f"exception: {event.error}"))
        context.on("requestfailed", self.on_failure)
        context.on("response", self.on_response)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("dialog", self.on_dialog)

    def on_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        if self.says_yes or dialog.type == "beforeunload":  # whoever leaves all the same
            dialog.accept()
        else:
            dialog.dismiss()

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(TOLD_ELSEWHERE):
            self.complaints.append(f"console {message.type}: {message.text}")

    def on_failure(self, request: Request) -> None:
        if self.is_cut_off and request.failure == "net::ERR_INTERNET_DISCONNECTED":
            return
        if request.resource_type != "ping" and request.failure != "net::ERR_ABORTED":  # a beacon of a page that is left
            self.complaints.append(f"failed: {request.method} {request.url}: {request.failure}")

    def on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.status}: {response.request.method} {response.url}")
