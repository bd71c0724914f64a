from time import monotonic

from django.core.management.base import OutputWrapper

from apps.mailing.models import Dispatch

BAR_WIDTH = 30
SECONDS_BETWEEN_BARS = 0.5
SECONDS_BETWEEN_LINES = 10


class Progress:
    """How far a dispatch is, whoever sends it: a bar on a terminal, now and then a line anywhere else."""

    def __init__(self, dispatch: Dispatch, out: OutputWrapper) -> None:
        self._dispatch, self._out = dispatch, out
        self._is_terminal = out.isatty()
        self._seconds = SECONDS_BETWEEN_BARS if self._is_terminal else SECONDS_BETWEEN_LINES
        self._shown_at = self._began_at = monotonic()
        self._began_with: int | None = None
        self._last_line = ""

    def show(self) -> None:
        """Call it as often as you like; it asks the database and prints only now and then."""
        if monotonic() - self._shown_at >= self._seconds or self._began_with is None:
            self._shown_at = monotonic()
            self._print()

    def close(self) -> None:
        """The last state, and the cursor on a line of its own."""
        if self._began_with is not None:
            self._print()
            if self._is_terminal:
                self._out.write("")

    def _print(self) -> None:
        total = self._dispatch.recipient_count
        left = self._dispatch.deliveries.open().count()
        done = total - left
        if self._began_with is None:
            self._began_with = done
        rate = (done - self._began_with) / max(monotonic() - self._began_at, 0.001)
        share = done / total if total else 1.0
        words = f"{done}/{total}  {share:.0%}  {rate:.1f}/s  {_describe(left / rate) if rate else '?'} left"
        if not self._is_terminal:
            # While it waits for a later attempt, hours of the same line would help nobody.
            if self._last_line != f"{done}/{total}":
                self._out.write(words)
            self._last_line = f"{done}/{total}"
            return
        filled = int(share * BAR_WIDTH)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        # Back to the start of the line, and away with what a longer line left behind.
        self._out.write(f"\r[{bar}] {words}\x1b[K", ending="")
        self._out.flush()


def _describe(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
