"""Where a Chromium is, and how it is started."""

import os
import shutil

from tests.servers.processes import Missing

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # As with windows: a sandboxed frame has a process of its own, so that what loops in it holds nothing up.
    "--site-per-process",
    "--enable-features=IsolateSandboxedIframes",
    # A page of ours never needs the network; one that tries finds no address instead of a real server.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
NO_CHROMIUM = (
    "No Chromium: apt-get install chromium-headless-shell or chromium, or name one with CHROMIUM=/path/to/chromium."
)
#: First the one without windows, which opens a page at a third of the processor time.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """The path of a Chromium: CHROMIUM, else one on the PATH. `Missing` when there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise Missing(f"CHROMIUM={named} is not a program that can be run.")
        return named
    for name in CHROMIUMS:
        found = shutil.which(name)
        if found:
            return found
    raise Missing(NO_CHROMIUM)
