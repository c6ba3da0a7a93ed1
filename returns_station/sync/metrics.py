"""What a sync job does, as Prometheus metrics: counters of this process, and the open rows read when they are asked for.

Labels are target, state, outcome and feed alone: each has few values, and none is anybody's.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from returns_station.sync.lanes import DrainReport
from returns_station.sync.pull import PullReport
from returns_station.sync.standing import Standing
from returns_station.sync.watched import Watched

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_P: Final = "returns_station_"


class Metrics:
    """Observes the links of a job; `text` is what a scrape gets. Safe to use from several threads."""

    def __init__(self, watched: Watched) -> None:
        self._registry = CollectorRegistry()
        self._effects = Counter(
            f"{_P}effects",
            "Effects by what became of them in a pass: acknowledged, retried, refused, unknown, looked_up.",
            ["target", "outcome"], registry=self._registry,
        )  # fmt: skip
        self._rows = Counter(
            f"{_P}pulled_rows", "Rows of feeds that were merged.", ["target", "feed"], registry=self._registry
        )
        self._faults = Counter(
            f"{_P}pull_failures",
            "Readings of a feed that ended early.",
            ["target", "feed"],
            registry=self._registry,
        )
        self._passes = Histogram(
            f"{_P}pass_seconds",
            "Length of a pass that had something to do.",
            ["target"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        started = Gauge(f"{_P}started_timestamp_seconds", "When this job started.", registry=self._registry)
        started.set(watched.clock().timestamp())
        self._registry.register(_Standings(watched))

    def passed(self, target: str, report: DrainReport, seconds: float) -> None:
        """Counts a pass; one that found nothing to do is not measured."""
        for outcome in ("acknowledged", "retried", "refused", "unknown", "looked_up"):
            self._effects.labels(target, outcome).inc(getattr(report, outcome))
        if report.sent or report.looked_up:
            self._passes.labels(target).observe(seconds)

    def pulled(self, target: str, report: PullReport) -> None:
        """Counts a reading of a feed."""
        self._rows.labels(target, report.feed).inc(report.rows)
        self._faults.labels(target, report.feed).inc(report.problem is not None)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _Standings(Collector):
    """What stands in the database when a scrape asks."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the database is read for scrapes alone."""
        return ()

    def collect(self) -> Iterable[Metric]:
        now = self._watched.clock()
        found = self._watched.standings()
        rows = GaugeMetricFamily(f"{_P}outbox_rows", "Open effects by state.", labels=["target", "state"])
        for one in found:
            for state, number in one.backlog.counts.items():
                rows.add_metric([one.target, state], number)
        yield rows
        yield _each(found, "parked_rows", "Effects parked with a person.", [_parked(one) for one in found])
        yield _each(
            found,
            "lag_seconds",
            "Age of the oldest effect released and not delivered; 0 for none.",
            [o.lag_s for o in found],
        )
        ages = [one.oldest_s for one in found]
        yield _each(
            found, "oldest_seconds", "Age of the oldest effect that is not settled; 0 for none.", ages
        )
        answers = [_age(one.note.answered_at, now) for one in found]
        yield _each(
            found, "last_answer_seconds", "Time since the upstream last answered; -1 for never.", answers
        )
        up = [float(one.state in ("well", "new", "shadow", "refusing", "feeds")) for one in found]
        yield _each(found, "target_up", "1 when the upstream answers, as far as is known.", up)
        stuck = self._watched.stuck()
        working = {link.target for link in self._watched.links} - set(stuck)
        alive = [float(one.target in working) for one in found]
        yield _each(found, "drainer_alive", "1 when the target's thread works.", alive)


def _each(found: list[Standing], name: str, text: str, values: list[float]) -> Metric:
    family = GaugeMetricFamily(f"{_P}{name}", text, labels=["target"])
    for one, value in zip(found, values, strict=True):
        family.add_metric([one.target], value)
    return family


def _parked(one: Standing) -> float:
    return float(one.backlog.counts["refused"])


def _age(at: datetime | None, now: datetime) -> float:
    return -1.0 if at is None else max(0.0, (now - at).total_seconds())
