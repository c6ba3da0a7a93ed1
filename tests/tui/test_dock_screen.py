"""What a worker at the screen perceives and can do, with scanner, ten-key pad and keyboard."""

from collections.abc import Callable
from typing import Any

import pytest

from returns_station.hardware.scanners import Arrived
from returns_station.tui.queue import Burst
from returns_station.tui.widgets.ask import _within
from returns_station.workflow.ports import Input
from tests.commands.dock_kit import Dock
from tests.tui.pilot_kit import Worker, at_work, lived

ANNA, BOSS = "RS-B-1001", "RS-B-1003"
TRACKING, SKU = "1Z999AA10300079196", "22960"
OPENED = (ANNA, TRACKING, SKU)
SIZES = ((120, 40), (80, 24), (40, 20))

Docks = Callable[[], Dock]


def test_a_sealed_parcel_takes_five_scans_and_no_key(docks: Docks) -> None:
    async def life() -> None:
        async with at_work(docks()) as worker:
            await worker.scan(ANNA)
            before = worker.app.answered
            await worker.scan(TRACKING, SKU, "RS-SEALED", "LPN", "PLACE")
            assert worker.app.answered - before == 5
            assert "Put. Parcel P07" in worker.sees
            assert "4.25 GBP goes back" in worker.sees
            assert worker.heard.signals == ["accepted"] * 6

    lived(life())


class TestSeeingFromTwoMetres:
    @pytest.mark.parametrize(("columns", "rows"), SIZES)
    def test_the_screen_at_rest_at_a_question_and_at_a_place_looks_as_it_was_kept(
        self, docks: Docks, columns: int, rows: int
    ) -> None:
        async def life() -> None:
            async with at_work(docks(), size=(columns, rows)) as worker:
                worker.shot(f"badge-{columns}x{rows}")
                await worker.scan(*OPENED)
                worker.shot(f"question-{columns}x{rows}")
                await worker.scan("RS-SEALED")
                await worker.until(lambda: worker.app._dock.past.holds("is printed"))
                await worker.scan("LPN")
                worker.shot(f"place-{columns}x{rows}")
                await worker.scan("RS-NONSENSE-9")
                worker.shot(f"wrong-{columns}x{rows}")

        lived(life())

    def test_each_signal_has_a_shape_and_a_word_of_its_own(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                bands = {}
                for word, code in (
                    ("OK", ANNA),
                    ("AGAIN", ANNA),
                    ("UNKNOWN", "RS-B-7777"),
                    ("WRONG", SKU),
                    ("STOP", "RS-STOP"),
                ):
                    await worker.scan(code)
                    worker.app._dock.band.rows()
                    bands[word] = "\n".join(row[:8] for row in worker.screen[1:4])
                await worker.scan("RS-UNDO", TRACKING, "RS-HOLD")
                bands["WAIT"] = "\n".join(row[:8] for row in worker.screen[1:4])
                assert len(set(bands.values())) == 6
                assert worker.heard.signals[:5] == ["accepted", "duplicate", "unknown", "mismatch", "stop"]

        lived(life())


class TestChoosing:
    def test_a_digit_alone_answers_a_question(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(*OPENED)
                await worker.press("1")
                assert worker.app.step == "label"

        lived(life())

    def test_where_a_number_may_also_be_scanned_a_digit_waits_for_enter(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA, "MYSTERY 77")
                assert worker.app.step == "confirm_blind"
                await worker.press("1")
                assert worker.app.step == "confirm_blind"
                await worker.press("enter")
                assert worker.app.step == "item"

        lived(life())

    def test_each_answer_shows_its_key_and_its_code(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(*OPENED)
                for key, text in (("1", "Factory sealed"), ("2", "Opened"), ("3", "No packaging")):
                    assert f"{key} {text} RS-A{key}" in worker.sees

        lived(life())


def test_answers_that_find_no_room_are_counted_not_hidden() -> None:
    rows = [((str(n), ""),) for n in range(9)]
    assert _within(rows, 9) == rows
    assert _within(rows, 4) == [*rows[:3], (("6 more", "$warning"),)]
    assert _within(rows, 0) == [(("9 more", "$warning"),)]


class TestATenKeyPad:
    def test_counts_and_commands_need_nothing_else(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA, "536533", "02002075400004")
                assert worker.app.step == "quantity"
                await worker.press("2", "enter")
                assert worker.app.step == "question"
                await worker.press("minus")
                assert worker.app.step == "quantity"
                await worker.press("plus")
                assert worker.app.step == "hold_label"

        lived(life())

    def test_its_signs_are_typed_once_something_is_typed(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA)
                await worker.press("2", "slash", "3", "minus", "4")
                assert worker.app._dock.ask.typed == "2/3-4"
                assert worker.app.screen is worker.app._dock
                await worker.press("backspace", "escape")
                assert worker.app._dock.ask.typed == ""

        lived(life())


class TestHelp:
    def test_tells_what_the_step_wants_with_its_codes_and_keys(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(*OPENED)
                await worker.press("f1")
                assert "Type or scan the number of the answer." in worker.sees
                assert "RS-SEALED" in worker.sees
                await worker.press("escape")
                assert worker.app.screen is worker.app._dock

        lived(life())

    def test_is_about_the_part_that_has_the_focus(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA)
                worker.app._dock.past.focus()
                await worker.press("f1")
                assert "The last scans, newest on top" in worker.sees

        lived(life())

    def test_follows_the_tab_key_from_part_to_part(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA)
                await worker.press("tab", "f1")
                assert "What is known, in brief" in worker.sees
                await worker.press("escape", "tab", "f1")
                assert "The last scans, newest on top" in worker.sees

        lived(life())

    def test_is_closed_by_the_next_scan_which_is_played(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.press("f1")
                await worker.scan(ANNA)
                assert worker.app.screen is worker.app._dock
                assert worker.app.step == "parcel"

        lived(life())


class TestTheCommandPalette:
    def test_offers_a_supervisors_commands_to_supervisors_alone(self, docks: Docks) -> None:
        async def offers(worker: Worker, badge: str) -> bool:
            await worker.scan(badge)
            await worker.press("f9")
            await worker.press(*"come")
            await worker.until(lambda: "come" in worker.sees)
            await worker.pilot.pause(0.5)
            found = "The rest will not come" in worker.sees
            await worker.press("escape")
            return found

        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA, TRACKING)
                assert not await offers(worker, "RS-B-1002")
                assert await offers(worker, BOSS)

        lived(life())

    def test_runs_what_is_chosen(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA, TRACKING)
                await worker.press("f9")
                await worker.press(*"undo")
                await worker.until(lambda: "RS-UNDO" in worker.sees)
                await worker.press("enter")
                await worker.press("enter")
                await worker.until(lambda: worker.app.step == "parcel")

        lived(life())


class TestEndingIt:
    def test_asks_first_and_a_scan_means_no(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.press("f10")
                assert "End the station?" in "\n".join(worker.screen)
                await worker.scan(ANNA)
                assert worker.app.screen is worker.app._dock
                await worker.press("f10")
                await worker.press("2")
                assert worker.app.is_running

        lived(life())

    def test_gives_the_exit_code_of_an_open_parcel(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA, TRACKING)
                await worker.pilot.press("f10")
                await worker.pilot.press("1")
                await worker.pilot.pause(0.2)
                assert worker.app.return_value == 3

        lived(life())


class TestWalkingAway:
    def test_locks_the_station_and_only_the_same_worker_or_a_supervisor_goes_on(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA, TRACKING)
                worker.app._alive_at -= 60 * worker.app.config.screen.lock_minutes + 1
                await worker.until(lambda: worker.app._locked)
                await worker.settled()
                assert "Locked. Scan your badge to go on." in worker.sees
                await worker.scan(SKU)
                assert worker.app._locked
                await worker.scan("RS-B-1002")
                assert "w-1 has work open here. Only that badge or a" in worker.sees
                await worker.scan(BOSS)
                assert worker.app.step == "item"

        lived(life())

    def test_never_locks_where_the_minutes_are_none(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks(), more="\n[screen]\nlock_minutes = 0\n") as worker:
                await worker.scan(ANNA)
                worker.app._alive_at -= 1e6
                worker.app._tick()
                await worker.settled()
                assert not worker.app._locked

        lived(life())

    def test_scans_of_any_device_keep_it_open(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks()) as worker:
                await worker.scan(ANNA)
                worker.app._alive_at -= 1e6
                worker.app.queue.put(Arrived(Input(TRACKING.encode(), "gun"), device="gun"))
                await worker.until(lambda: worker.app.step == "item")
                worker.app._tick()
                await worker.settled()
                assert not worker.app._locked

        lived(life())


class TestADefect:
    def test_in_the_dialogue_stops_intake_loudly_and_is_not_called_saved(self, docks: Docks) -> None:
        def broken(station: Any) -> Any:
            def play(given: Input, render: Any) -> Any:
                raise ZeroDivisionError("a defect")

            station.play = play
            return station

        async def life() -> None:
            async with at_work(docks(), changed=broken) as worker:
                worker.app.queue.put(Burst(ANNA.encode()))
                await worker.until(lambda: worker.app.step == "stopped")
                assert "ZeroDivisionError" in worker.sees
                assert worker.heard.signals == ["stop"]

        lived(life())

    def test_in_printing_is_told_and_the_work_goes_on(self, docks: Docks) -> None:
        def broken(station: Any) -> Any:
            def print_asked() -> Any:
                raise ZeroDivisionError("a defect")

            station.print_asked = print_asked
            return station

        async def life() -> None:
            async with at_work(docks(), changed=broken) as worker:
                await worker.until(lambda: worker.app._dock.past.holds("ZeroDivisionError"))
                await worker.scan(*OPENED, "RS-SEALED", "LPN", "PLACE")
                assert "Put. Parcel P07" in worker.sees

        lived(life())


class TestLooks:
    def test_compact_leaves_the_question_alone(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks(), size=(120, 40)) as worker:
                await worker.scan(ANNA, TRACKING)
                assert "awaited" in worker.sees
                await worker.press("f8")
                assert "of online-retail" not in worker.sees
                await worker.press("f8")
                assert "of online-retail" in worker.sees

        lived(life())

    @pytest.mark.parametrize("theme", ["dock", "light", "contrast"])
    def test_every_theme_draws_every_signal(self, docks: Docks, theme: str) -> None:
        async def life() -> None:
            async with at_work(docks(), more=f'\n[screen]\ntheme = "{theme}"\n') as worker:
                assert worker.app.theme == theme
                await worker.scan(ANNA, SKU, TRACKING, "RS-STOP-LEAK")
                assert "STOP" in "".join(worker.heard.signals).upper()
                assert "Gloves" in worker.sees

        lived(life())

    def test_another_key_for_an_action_is_a_line_of_configuration(self, docks: Docks) -> None:
        async def life() -> None:
            async with at_work(docks(), more='\n[keys]\nundo = "u"\n') as worker:
                await worker.scan(ANNA, TRACKING)
                await worker.press("u")
                assert worker.app.step == "parcel"

        lived(life())
