"""What a scan means: bytes in, candidates out, nothing looked up and nothing guessed."""

from returns_station.domain.scan.explain import explain
from returns_station.domain.scan.model import Candidate, Kind, Reading
from returns_station.domain.scan.plates import (
    ALPHABET,
    COMMANDS,
    Plate,
    answer_code,
    badge_code,
    command_code,
    disposition_code,
    mint,
    parse_plate,
    quantity_code,
    station_code,
)
from returns_station.domain.scan.reading import prepare, read

__all__ = [
    "ALPHABET",
    "COMMANDS",
    "Candidate",
    "Kind",
    "Plate",
    "Reading",
    "answer_code",
    "badge_code",
    "command_code",
    "disposition_code",
    "explain",
    "mint",
    "parse_plate",
    "prepare",
    "quantity_code",
    "read",
    "station_code",
]
