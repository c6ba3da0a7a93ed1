"""What an upstream's answer means: status, headers and body together; what is not understood is unknown."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from returns_station.connectors.api import Delivered, NotFound, Outcome, Refused, RetryLater, Settings
from returns_station.connectors.wire import Reply

SPLIT: Final = frozenset({400, 413, 422})
"""Statuses that speak of what was sent: a batch is halved until the one at fault is alone."""

_WAIT_AT_MOST_S: Final = 24 * 3600.0
_LOOK: Final = "It may have been done there, so it is looked up before it is sent again."
_PERSON: Final = "Correct it here or at the upstream, then retry it."


class Reader:
    """Reads the answers of one upstream; `origin` and the settings are for its sentences."""

    def __init__(self, origin: str, settings: Settings, now: Callable[[], datetime]) -> None:
        self._origin = origin
        self._settings = settings
        self._now = now

    def results(self, reply: Reply, keys: Iterable[str]) -> dict[str, Outcome]:
        """The outcome of every key of a batch that was answered 200; what is not said of a key is unknown."""
        answer = self.json(reply)
        if isinstance(answer, RetryLater):
            return dict.fromkeys(keys, answer)
        said = answer.get("results")
        if not isinstance(said, list):
            return dict.fromkeys(keys, self._strange("without a list of results"))
        outcomes: dict[str, Outcome] = {}
        for item in said:
            if isinstance(item, dict) and isinstance(key := item.get("id"), str):
                outcome = self._item(item)
                both = outcomes.get(key, outcome)
                agree = both == outcome or (isinstance(both, Delivered) and isinstance(outcome, Delivered))
                outcomes[key] = both if agree else self._strange(f"twice and differently for {clean(key)}")
        return {key: outcomes.get(key) or self._strange(f"with no result for {key}") for key in keys}

    def found(self, reply: Reply, key: str) -> Delivered | NotFound | RetryLater | Refused:
        """What a look-up says; only the contract's own 404 means that the effect is not there."""
        answer = self.json(reply) if reply.status in (200, 404) else self.whole(reply)
        if isinstance(answer, RetryLater):
            return answer
        if reply.status == 404:
            known = answer.get("code") == "event.unknown"
            return NotFound() if known else self.whole(reply)
        if answer.get("id") != key:
            return self._strange(f"to the look-up of {key} with another event")
        outcome = self._item(answer)
        return Delivered(outcome.reference, duplicate=True) if isinstance(outcome, Delivered) else outcome

    def refused(self, reply: Reply) -> Refused:
        """Why a batch of one was refused as a whole, in the upstream's words where it has any."""
        problem = _problem(reply)
        if reply.status == 413 and not problem:
            return Refused(
                "upstream.too_large", f"{self._origin} says that the effect is too large.", _PERSON
            )
        sentence = f"{self._origin} answered {reply.status} to this effect alone."
        return Refused(
            _text(problem, "code") or f"upstream.{reply.status}",
            _text(problem, "sentence") or sentence,
            _text(problem, "hint") or _PERSON,
        )

    def whole(self, reply: Reply) -> RetryLater:
        """What any answer but 200 and the statuses of SPLIT means for everything that was asked."""
        status = reply.status
        if 300 <= status < 400:
            return self._redirect(reply)
        if status in (401, 403):
            return self._unauthorised(reply)
        if status in (425, 429):
            sentence = f"{self._origin} answered {status}: it wants fewer requests."
            return RetryLater(
                sentence, self._after(reply), code="upstream.busy", hint="It is sent again by itself."
            )
        if status >= 500 or status == 408 or status < 300:
            sentence = f"{self._origin} answered {status}{self._quote(reply)}."
            return RetryLater(sentence, self._after(reply), unknown=True, code="upstream.failed", hint=_LOOK)
        sentence = f"{self._origin} answered {status}{self._quote(reply)}."
        hint = "Check the upstream's url and that it speaks docs/openapi.yaml; what is queued stays queued."
        return RetryLater(sentence, self._after(reply), code="upstream.contract", hint=hint)

    def json(self, reply: Reply) -> Mapping[str, object] | RetryLater:
        """The JSON object of an answer; a page for people is not one, whatever its status."""
        kind = reply.media_type
        if kind != "application/json" and not kind.endswith("+json"):
            return self._strange(f"{reply.status} with {clean(kind) or 'no content type'} instead of JSON")
        try:
            answer = json.loads(
                reply.body, object_pairs_hook=_exact, parse_float=_Inexact, parse_constant=_nothing
            )
        except _Money as error:
            return self._strange(f"{reply.status} with {error}")
        except (ValueError, RecursionError):
            return self._strange(f"{reply.status} with broken JSON")
        return (
            answer
            if isinstance(answer, dict)
            else self._strange(f"{reply.status} with JSON that is no object")
        )

    def _item(self, item: Mapping[str, object]) -> Outcome:
        status = item.get("status")
        if status in ("accepted", "duplicate"):
            return Delivered(_text(item, "reference"), duplicate=status == "duplicate")
        sentence = _text(item, "sentence")
        if status == "refused":
            code = _text(item, "code") or "upstream.refused"
            return Refused(code, sentence or f"{self._origin} refused the effect without a reason.", _PERSON)
        if status == "retry":
            why = sentence or f"{self._origin} put the effect off without a reason."
            return RetryLater(
                why, code=_text(item, "code") or "upstream.retry", hint="It is sent again by itself."
            )
        return self._strange(f"with the status {clean(json.dumps(status))}")

    def _strange(self, how: str) -> RetryLater:
        return RetryLater(f"{self._origin} answered {how}.", unknown=True, code="upstream.answer", hint=_LOOK)

    def _redirect(self, reply: Reply) -> RetryLater:
        to = urlsplit(reply.headers.get("location", ""))
        where = f"to {clean(to.scheme)}://{clean(to.netloc)}" if to.netloc else "within itself"
        sentence = (
            f"{self._origin} answered {reply.status} and redirects {where}; redirects are not followed."
        )
        hint = "If that is the upstream's new place, write it into the configuration."
        return RetryLater(sentence, unknown=True, code="upstream.redirect", hint=hint)

    def _unauthorised(self, reply: Reply) -> RetryLater:
        names = f"{self._settings.secret_env} (signature) and {self._settings.token_env} (reads)"
        sentence = (
            f"{self._origin} answered {reply.status}: it does not accept our credentials{self._quote(reply)}."
        )
        hint = f"They come from the environment variables {names}; check them, and the clock."
        return RetryLater(sentence, self._after(reply), code="upstream.credentials", hint=hint)

    def _quote(self, reply: Reply) -> str:
        said = _text(_problem(reply), "sentence")
        return f' and says "{said}"' if said else ""

    def _after(self, reply: Reply) -> float | None:
        """Retry-After in seconds or as an HTTP date (RFC 9110, 10.2.3), at most a day; None if neither."""
        value = reply.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return min(float(value[:9]), _WAIT_AT_MOST_S)
        try:
            at = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max((at - self._now()).total_seconds(), 0.0), _WAIT_AT_MOST_S)


class _Inexact(str):
    """A JSON number with a fraction or exponent, still as written."""

    __slots__ = ()


class _Money(ValueError):
    """A money field holds a float."""


def _exact(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if isinstance(value, _Inexact):
            if _is_money(name):
                raise _Money(f"the money field {clean(name)} as the number {value[:40]}; a text is expected")
            value = float(value)
        found[name] = value
    return found


_MONEY: Final = frozenset(
    {"captured", "refunded", "price", "unit_price", "discount", "tax", "shipping", "amount", "total", "fee"}
)


def _is_money(name: str) -> bool:
    return name in _MONEY or name.endswith(("_minor", "_price", "_amount", "_total", "_tax", "_fee"))


def _nothing(name: str) -> object:
    raise ValueError(name)


def _problem(reply: Reply) -> Mapping[str, object]:
    if "json" not in reply.media_type:
        return {}
    try:
        problem = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return problem if isinstance(problem, dict) else {}


def _text(item: Mapping[str, object], name: str) -> str | None:
    value = item.get(name)
    return clean(value) if isinstance(value, str) and value else None


def clean(text: str) -> str:
    """An upstream's words without what a terminal would act on, at most 300 characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:300])
