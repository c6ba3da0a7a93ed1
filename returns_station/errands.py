"""What devices do after an answer: take the picture, read the scale, tell the scanner how its scan was taken."""

import json
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from returns_station.config import Config
from returns_station.errors import Problem
from returns_station.hardware.camera import Camera, evidence_folder
from returns_station.hardware.scanners import Arrived
from returns_station.hardware.weighing import Scale, Weight
from returns_station.workflow.ports import Input, InputKind, PhotoDraft, Step

Put = Callable[[Arrived], object]


class Verdicts(Protocol):
    """Scanners that can be told good or bad: hardware.scanners.Scanners."""

    def answer(self, device: str, good: bool) -> None: ...


class Errands:
    """Runs each errand in a thread of its own kind; what comes of it is put into the station's queue as an input.

    Started with the first errand, ended by `stop`; nothing here holds up an input.
    """

    def __init__(self, config: Config, put: Put, scanners: Verdicts | None = None) -> None:
        self._put = put
        self._scanners = scanners
        self._camera = Camera(config.camera, evidence_folder(config))
        self.scale = Scale(config.scale)
        self._line: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def after(self, given: Input, step: Step) -> None:
        """What an answered input sets going; returns at once."""
        if self._scanners is not None and given.kind is InputKind.SCAN and not given.typed:
            self._scanners.answer(given.device, step.signal.value in ("accepted", "duplicate", "hold"))
        for draft in step.photos:
            self._run(lambda draft=draft: self._photograph(draft))  # type: ignore[misc]
        if step.weigh and self.scale.there:
            self._run(self._weigh)

    def stop(self) -> None:
        """Ends after the errand in hand."""
        if self._thread is not None:
            self._line.put(None)
            self._thread.join(timeout=5)

    def _run(self, errand: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="errands", daemon=True)
            self._thread.start()
        self._line.put(errand)

    def _work(self) -> None:
        while (errand := self._line.get()) is not None:
            errand()

    def _photograph(self, draft: PhotoDraft) -> None:
        taken = self._camera.take(draft.id)
        if isinstance(taken, Problem):
            told: dict[str, object] = {"id": draft.id, "problem": str(taken)}
        else:
            told = {"id": draft.id, "sha256": taken.sha256, "name": taken.name, "bytes": taken.bytes}
        self._put(Arrived(Input(json.dumps(told).encode(), "camera", InputKind.EVIDENCE), device="camera"))

    def _weigh(self) -> None:
        found = self.scale.weigh()
        if isinstance(found, Weight):
            given = Input(str(found.grams).encode(), self.scale.name, InputKind.WEIGHT)
            self._put(Arrived(given, device=self.scale.name))
        else:
            self._put(Arrived(code=f"scale.{found.code}", sentence=str(found), device=self.scale.name))
