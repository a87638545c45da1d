"""A headless Chromium, driven by its debugging protocol: what a page shows, says and asks the network for."""

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Debian's, Ubuntu's, and Google's own."""
MISSING = "Chromium is missing (Debian: apt install chromium)."
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""No window, and no GPU, which a machine that tests may not have."""
CUT_OFF = ["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"]
"""No name is found, and whatever else is asked for goes where nobody listens."""
START_S = 30.0
END_S = 10.0


def find_chromium() -> str | None:
    """Path of the browser's program, if this machine has one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page."""

    def __init__(self, wire: ClientConnection):
        self.wire = wire
        self.number = 0
        self.complaints: list[str] = []
        """Errors and exceptions that the console has shown."""
        self.requests: list[str] = []
        """Addresses that went to a network."""

    def ask(self, method: str, **values: Any) -> dict[str, Any]:
        """The answer to one command; what the page says meanwhile is kept."""
        self.number += 1
        self.wire.send(json.dumps({"id": self.number, "method": method, "params": values}))
        while True:
            message = json.loads(self.wire.recv(timeout=120))
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._hear(message)

    def evaluate(self, expression: str) -> Any:
        """What an expression of JavaScript gives."""
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def wait_for(self, expression: str, timeout_s: float) -> None:
        """Until the expression holds."""
        end = time.monotonic() + timeout_s
        while not self.evaluate(expression):
            if time.monotonic() > end:
                raise SystemExit(f"After {timeout_s:g} s the page still has not: {expression}")
            time.sleep(0.2)

    def picture(self) -> bytes:
        """PNG of what it shows."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def click(self, x: float, y: float) -> None:
        """The left button, at a place in the window."""
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def scroll(self, x: float, y: float, by_px: float) -> None:
        """The wheel, over a place in the window; down is positive."""
        self.ask("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by_px)

    def key(self, name: str, code: int) -> None:
        """A key pressed and let go, by its name and the number that Windows has for it."""
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def _hear(self, message: dict[str, Any]) -> None:
        values = message.get("params", {})
        if message["method"] == "Runtime.exceptionThrown":
            self.complaints.append(values["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif message["method"] == "Runtime.consoleAPICalled" and values["type"] in ("error", "assert"):
            self.complaints.append(" ".join(str(each.get("value", each)) for each in values["args"]))
        elif message["method"] == "Log.entryAdded" and values["entry"]["level"] == "error":
            self.complaints.append(values["entry"]["text"])
        elif message["method"] == "Network.requestWillBeSent":
            address = values["request"]["url"]
            if not address.startswith(("file:", "data:", "blob:")):
                self.requests.append(address)


@contextlib.contextmanager
def open_tab(address: str, size_wh: tuple[int, int], flags: list[str]) -> Iterator[Tab]:
    """The page at `address` in a window of `size_wh`, which begins to load."""
    program = find_chromium()
    if program is None:
        raise SystemExit(MISSING)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        window = f"--window-size={size_wh[0]},{size_wh[1]}"
        browser = subprocess.Popen(
            [program, *FLAGS, *flags, window, f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            # What the page still says is not waited for in the end.
            open_wire = {"max_size": None, "compression": None, "proxy": None, "close_timeout": 0.1}
            with connect(_debugger(Path(profile)), **open_wire) as wire:
                tab = Tab(wire)
                for domain in ("Runtime", "Log", "Network", "Page"):
                    tab.ask(f"{domain}.enable")
                tab.ask(
                    "Emulation.setDeviceMetricsOverride",
                    width=size_wh[0],
                    height=size_wh[1],
                    deviceScaleFactor=1,
                    mobile=False,
                )
                tab.ask("Page.navigate", url=address)
                yield tab
        finally:
            browser.terminate()
            try:
                browser.wait(END_S)
            except subprocess.TimeoutExpired:
                browser.kill()
                browser.wait()


def _debugger(profile: Path) -> str:
    """Address of the first page's debugger, once Chromium has written where it listens."""
    from urllib.request import ProxyHandler, build_opener

    end, told = time.monotonic() + START_S, profile / "DevToolsActivePort"
    while time.monotonic() < end:
        with contextlib.suppress(OSError, IndexError, ValueError):
            port = int(told.read_text().splitlines()[0])
            with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/json") as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
            return pages[0]["webSocketDebuggerUrl"]
        time.sleep(0.1)
    raise SystemExit(f"Chromium has not started in {START_S:g} s.")
