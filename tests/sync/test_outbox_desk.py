"""What a person can see and do at the outbox, sentence by sentence."""

import pytest

from returns_station.domain.axes import SyncState
from returns_station.errors import StationError
from returns_station.store import outbox
from returns_station.store.outbox import Acknowledged, Counts, Postponed
from tests.connectors.upstream_kit import key, receipt, refund, stock
from tests.sync.outbox_kit import ALL, WORD, Station


def test_counts_and_lists_show_every_open_row_of_every_target_and_page_by_row(station: Station) -> None:
    station.put(stock(), state="acknowledged")
    rows = station.put(stock(), stock(), stock())
    rows += station.put(stock(), target="erp", state="held")
    rows += station.put(stock(), target="shop", state="refused")
    assert outbox.counts(station.engine) == Counts(local=3, sent=0, refused=1, held=1)
    assert [row.id for row in outbox.listing(station.engine)] == rows
    assert [row.id for row in outbox.listing(station.engine, limit=2, after=rows[1])] == rows[2:4]
    assert [row.target for row in outbox.listing(station.engine, [SyncState.REFUSED])] == ["shop"]
    assert len(outbox.listing(station.engine, ALL)) == 6


def test_an_empty_outbox_counts_nothing(station: Station) -> None:
    assert outbox.counts(station.engine) == Counts()
    assert outbox.listing(station.engine) == []


def said(station: Station, name: str) -> tuple[str, str]:
    found = outbox.why(station.engine, name)
    return found.sentence, found.advice


def test_why_says_that_a_fresh_row_is_due(station: Station) -> None:
    (name,) = station.put(stock())
    assert said(station, name) == ("It is due.", "Nothing: the sync job takes it with its next batch.")


def test_why_says_when_a_row_is_tried_again_and_what_the_upstream_said(station: Station) -> None:
    (name,) = station.put(stock())
    outbox.claim(station.engine, WORD, station.clock(), 1)
    lost = Postponed("The connection was lost.", after_s=30, unknown=True)
    outbox.settle(station.engine, {name: lost}, station.clock(), station.rng)
    found = outbox.why(station.engine, name)
    assert found.sentence == (
        "It was put off after 1 attempt; the next is not before 2026-11-23T10:00:30.000000+00:00. "
        "Whether it arrived is not known. The connection was lost."
    )
    assert found.advice == f"Nothing, or `returns-station outbox retry {name}` to try it now."
    assert (found.upstream, found.next_at) == (
        "The connection was lost.",
        "2026-11-23T10:00:30.000000+00:00",
    )


def test_why_names_the_row_at_the_root_of_a_chain_and_what_to_do_about_that_one(station: Station) -> None:
    name = key()
    (root,) = station.put(
        receipt(name, 1),
        state="refused",
        problem_code="authorization.unknown",
        problem="The return RMA-13 is not known here.",
        owner="supervisor",
        hint="Correct it there, then retry it.",
    )
    station.put(stock(name, 2))
    (last,) = station.put(refund("O", 1, name, 3))
    found = outbox.why(station.engine, last)
    assert found.sentence == (
        f"It waits for returns.receipt {root} of return {name}, which is refused. "
        "It is parked with supervisor: The return RMA-13 is not known here."
    )
    assert found.advice == "Correct it there, then retry it."
    assert (found.waits_for, found.upstream, found.state) == (
        root,
        "The return RMA-13 is not known here.",
        SyncState.LOCAL,
    )


def test_why_follows_the_row_that_another_return_waits_for(station: Station) -> None:
    (goods,) = station.put(stock(), state="held")
    (money,) = station.put(refund("O", 1), after=goods)
    found = outbox.why(station.engine, money)
    assert found.waits_for == goods
    assert found.sentence.endswith("which is held. It is not released yet.")


def test_why_says_that_the_row_it_waits_for_is_missing(station: Station) -> None:
    (money,) = station.put(refund("O", 1), after="nowhere")
    assert said(station, money) == (
        "It waits for the row nowhere, which is not in this database.",
        "This is a defect: please report it. Nothing is lost.",
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": "held"}, "It is not released yet."),
        (
            {"state": "held", "problem_code": "refund.ceiling"},
            "It is not released yet; the reason is refund.ceiling.",
        ),
        ({"state": "sent", "attempts": 2}, "It is being sent; attempt 2."),
        ({"state": "withdrawn"}, "It was withdrawn before it was sent."),
        (
            {"state": "acknowledged", "reference": "MOV-7", "settled_at": "2026-11-23T10:00:00.000000+00:00"},
            "wms has it as MOV-7 since 2026-11-23T10:00:00.000000+00:00.",
        ),
        ({"state": "refused", "problem": "Lost.", "owner": "ana"}, "It is parked with ana: Lost."),
    ],
)
def test_why_has_a_sentence_for_every_state(
    station: Station, change: dict[str, object], sentence: str
) -> None:
    (name,) = station.put(stock(), **change)
    assert said(station, name)[0] == sentence


def test_an_unknown_row_is_named_with_the_way_to_the_list(station: Station) -> None:
    with pytest.raises(StationError) as raised:
        outbox.why(station.engine, "x'y")
    assert raised.value.code == "outbox.unknown"
    assert str(raised.value) == (
        'There is no outbox row "x\'y". `returns-station outbox list` shows those that are open.'
    )


@pytest.mark.parametrize("state", ["held", "sent", "acknowledged", "withdrawn"])
def test_only_a_row_that_waits_can_be_parked_or_retried(station: Station, state: str) -> None:
    (name,) = station.put(stock(), state=state)
    with pytest.raises(StationError) as parked:
        outbox.park(station.engine, name, "Wrong SKU.", "ana")
    assert str(parked.value) == (
        f"The row {name} is {state} and cannot be parked. "
        "Only a row that still waits to be sent can be parked. "
        f"`returns-station outbox why {name}` says where it stands."
    )
    with pytest.raises(StationError) as retried:
        outbox.retry(station.engine, name)
    assert str(retried.value) == (
        f"The row {name} is {state} and cannot be retried. "
        "Only a refused row, or one that was put off, can be retried. "
        f"`returns-station outbox why {name}` says where it stands."
    )


def test_a_parked_row_keeps_its_reason_and_owner_until_it_is_retried(station: Station) -> None:
    (name,) = station.put(stock())
    row = outbox.park(station.engine, name, "Wrong SKU.", "ana")
    assert (row.state, row.problem, row.owner, row.problem_code) == (
        SyncState.REFUSED,
        "Wrong SKU.",
        "ana",
        "sync.parked",
    )
    assert outbox.claim(station.engine, WORD, station.clock(), 1) == []
    found = outbox.why(station.engine, name)
    assert (found.sentence, found.upstream) == ("It is parked with ana: Wrong SKU.", None)
    assert found.advice == f"Run `returns-station outbox retry {name}` when the cause is gone."
    row = outbox.retry(station.engine, name)
    assert (row.state, row.problem, row.owner) == (SyncState.LOCAL, None, None)
    assert [row.id for row in outbox.claim(station.engine, WORD, station.clock(), 1)] == [name]


def test_retrying_one_row_of_a_target_that_was_away_tries_the_target(station: Station) -> None:
    names = station.put(stock(), stock())
    outbox.claim(station.engine, WORD, station.clock(), 2)
    away = dict.fromkeys(names, Postponed("No route.", after_s=60))
    outbox.settle(station.engine, away, station.clock(), station.rng, down=True)
    assert outbox.paused_until(station.engine, WORD, station.clock()) is not None
    outbox.retry(station.engine, names[0])
    assert outbox.paused_until(station.engine, WORD, station.clock()) is None
    assert [row.id for row in outbox.claim(station.engine, WORD, station.clock(), 9)] == names


def test_a_retried_row_whose_outcome_is_unknown_is_still_unknown(station: Station) -> None:
    (name,) = station.put(refund("O", 1), state="refused", unknown=True, sent_at="2026-11-20T10:00:00+00:00")
    row = outbox.retry(station.engine, name)
    assert (row.unknown, row.sent_at) == (True, "2026-11-20T10:00:00+00:00")
    outbox.claim(station.engine, WORD, station.clock(), 1)
    outbox.settle(station.engine, {name: Acknowledged("REF-1")}, station.clock(), station.rng)
    assert not station.row(name).unknown
