"""The clock of pretend systems: it may run faster than real time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from compiler.language.durations import parse_duration

LARGEST = datetime(9999, 12, 31, tzinfo=UTC)


def parse_time_scale(text: str) -> float:
    """`1d=1m`: how many times faster than real time. Raises ValueError."""
    pretended, separator, real = text.partition("=")
    if not separator:
        raise ValueError(f"`{text[:40]}` is not a time scale: write for example 1d=1m (a day takes a minute)")
    seconds = [parse_duration(part.strip()).total_seconds() for part in (pretended, real)]
    if not all(seconds):
        raise ValueError(f"a time scale needs two durations above 0: `{text[:40]}`")
    return seconds[0] / seconds[1]


class PretendClock:
    """`origin` is the real time at which both clocks show the same."""

    def __init__(self, origin: datetime, speed: float = 1.0) -> None:
        self.origin = origin
        self.speed = speed

    def now(self) -> datetime:
        """The pretended time."""
        return self.from_real(datetime.now(UTC))

    def from_real(self, moment: datetime) -> datetime:
        return _shift(self.origin, (moment - self.origin).total_seconds() * self.speed)

    def to_real(self, moment: datetime) -> datetime:
        return _shift(self.origin, (moment - self.origin).total_seconds() / self.speed)

    def real_seconds(self, duration: timedelta) -> float:
        return duration.total_seconds() / self.speed

    def real_seconds_until(self, moment: datetime) -> float:
        """0 if it has passed."""
        return max(0.0, self.real_seconds(moment - self.now()))


def _shift(origin: datetime, seconds: float) -> datetime:
    try:
        return origin + timedelta(seconds=seconds)
    except OverflowError:
        return LARGEST
