"""The command as a terminal starts it: Ctrl-C reaches it, also where the tests themselves run in the background."""

FOREGROUND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from snapsplat.cli import main; main()"
)
"""For `python -c`. Shells let what they start in the background, and all below it, ignore Ctrl-C."""
