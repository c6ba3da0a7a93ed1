"""The connector for systems that read and write files in a shared folder, such as the end of an SFTP drop.

Effects go out as a file each, acknowledgements and feeds come in as files; docs/files.md has the layout.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import ClassVar, Final

from returns_station.connectors.api import (
    FEEDS,
    Asked,
    Capabilities,
    ConnectorError,
    Delivered,
    Found,
    NotFound,
    Outcome,
    Outgoing,
    Page,
    References,
    Refused,
    RetryLater,
    Settings,
    Stated,
)
from returns_station.connectors.cloudevents import encode
from returns_station.connectors.files.acks import REFUSED, Acknowledgements, Word
from returns_station.connectors.files.cells import as_csv
from returns_station.connectors.files.disk import OUT, drop_of
from returns_station.connectors.files.feeds import Feeds
from returns_station.connectors.told import stated, without

FORMATS: Final = ("jsonl", "csv")
ACK_S: Final = 60.0
SETTLE_S: Final = 10.0
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_MOUNT: Final = "Check that the share is mounted and may be written; what is queued stays queued."
_PERSON: Final = (
    "Correct it there, let it be acknowledged as accepted, then run `returns-station outbox retry`."
)


class FilesConnector:
    """Writes `out/`, reads `ack/` and `in/`; raises ConnectorError for settings that cannot work.

    Options: `format` (jsonl or csv, of what goes out), `await_ack` (true: delivered only when it is acknowledged),
    `ack_seconds` (how often to look for it), `settle_seconds` (how long a feed file must have been left alone).

    A file's name is put into the references when its draft is on disk, before it gets that name: from then on the name
    is there unless the draft is, even when its reader has taken it away. So no key is ever written a second time.
    """

    OPTIONS: ClassVar = frozenset({"format", "await_ack", "ack_seconds", "settle_seconds"})

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        options = settings.options
        self._format = _choice(options, "format", FORMATS)
        self._await = _choice(options, "await_ack", ("false", "true")) == "true"
        self._ack_s = _seconds(options, "ack_seconds", ACK_S)
        settle_s = _seconds(options, "settle_seconds", SETTLE_S)
        self._drop = drop_of(settings.url, settings.max_answer_bytes)
        self._acks = Acknowledgements(self._drop, now, self._ack_s)
        self._feeds = Feeds(self._drop, settle_s, now)
        feeds = settings.feeds & FEEDS
        self.capabilities = Capabilities(1, look_up=True, feeds=feeds, statement=True, forgets=False)

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        content = self._content(effect)
        if isinstance(content, Refused):
            return content
        name = refs.get(_ref(effect)) or self._name(effect)
        promised = refs.get(_ref(effect)) is not None
        try:
            if (word := self._acks.word(effect.key)) is not None:
                return _said(word)
            if promised and not self._drop.has_draft(name):
                return self._standing(name, duplicate=True)
            if not promised:
                if self._drop.stands(name):
                    refs.put(_ref(effect), name)
                    return self._standing(name, duplicate=True)
                self._drop.write_draft(name, content)
                refs.put(_ref(effect), name)
                promised = True
            self._drop.publish(name)
        except OSError as error:
            return self._away(error, unknown=promised)
        return self._standing(name, duplicate=False)

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        name = refs.get(_ref(effect)) or self._name(effect)
        try:
            if (word := self._acks.word(effect.key)) is not None:
                return _said(word)
            taken = refs.get(_ref(effect)) is not None and not self._drop.has_draft(name)
            if not taken and not self._drop.known(name, effect.key):
                return NotFound()
        except OSError as error:
            return self._away(error, unknown=True)
        return self._standing(name, duplicate=True)

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        if feed not in self.capabilities.feeds:
            sentence = f"There is no feed {feed} in the files of {self._drop.root}."
            raise ConnectorError("feed.unknown", sentence, "Take it out of the configuration.", retry=False)
        return self._feeds.page(feed, cursor, limit)

    def statement(self, asked: Asked, refs: References) -> tuple[Stated, ...] | RetryLater:
        """What was accepted, or taken out of `out/`, is done; what was refused or still lies there is not."""
        try:
            return stated(asked, self._done)
        except OSError as error:
            return self._away(error, unknown=False)

    def close(self) -> None:
        """Nothing is held open."""

    def _done(self, effect: Outgoing) -> tuple[str, bool]:
        name = self._name(effect)
        word = self._acks.word(effect.key)
        if word is not None:
            return word.reference or name, word.status != REFUSED
        return name, not self._await and not self._drop.waits(name, effect.key)

    def _name(self, effect: Outgoing) -> str:
        at = effect.occurred_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        return f"{at}-{effect.sequence:06d}-{effect.type}-{effect.key}.{self._format}"

    def _content(self, effect: Outgoing) -> bytes | Refused:
        if not (_NAME.fullmatch(effect.key) and _NAME.fullmatch(effect.type)):
            sentence = "The effect's key or type cannot stand in a file's name."
            return Refused("files.name", sentence, "This is a defect: please report it. Nothing is lost.")
        if (lacking := without(effect)) is not None:
            return lacking
        event = encode(effect)
        if isinstance(event, Refused):
            return event
        return as_csv(effect) if self._format == "csv" else event + b"\n"

    def _standing(self, name: str, *, duplicate: bool) -> Delivered | RetryLater:
        if not self._await:
            return Delivered(name, duplicate)
        sentence = f"{name} stands in {self._drop.folder(OUT)}; it is not acknowledged yet."
        if self._acks.problem:
            sentence += f" {self._acks.problem}"
        hint = "Its reader writes an acknowledgement into ack/; it is looked for by itself."
        return RetryLater(sentence, self._ack_s, code="files.awaiting_ack", hint=hint, alone=True)

    def _away(self, error: OSError, *, unknown: bool) -> RetryLater:
        sentence = f"The folder {self._drop.blamed(error)} cannot be used: {error.strerror or error}."
        return RetryLater(sentence, unknown=unknown, code="files.disk", hint=_MOUNT)


def _ref(effect: Outgoing) -> str:
    return f"file:{effect.key}"


def _said(word: Word) -> Delivered | Refused:
    if word.status == REFUSED:
        return Refused(
            "files.refused", word.sentence or "The reader of the file refused it without a reason.", _PERSON
        )
    return Delivered(word.reference, duplicate=True)


def _choice(options: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = options.get(name, choices[0])
    if value not in choices:
        raise _option(f"The option {name} is {value!r}", f"It is one of {', '.join(choices)}.")
    return value


def _seconds(options: Mapping[str, str], name: str, usual: float) -> float:
    value = options.get(name)
    if value is None:
        return usual
    if not re.fullmatch(r"[0-9]{1,5}", value):
        raise _option(f"The option {name} is {value!r}", "It is a whole number of seconds.")
    return float(value)


def _option(what: str, hint: str) -> ConnectorError:
    return ConnectorError("files.option", f"{what}.", hint, retry=False)
