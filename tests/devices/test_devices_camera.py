"""Laws of pictures: whole, of a known kind, in bounded time, kept durably once under the name of their bytes."""

import hashlib
import os
import sys
import threading
from pathlib import Path

import pytest

from devices.camera import CommandCamera, FolderCamera, keep, kind
from devices.errors import DeviceError
from returns_station import config
from returns_station.errors import Problem
from returns_station.hardware.camera import Camera, Taken, evidence_folder
from tests.devices.scanner_inbox import until

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF goose, dented \xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR teapot \x00\x00\x00\x00IEND\xaeB`\x82"


def writing(content: bytes, more: str = "") -> tuple[str, ...]:
    """A command that writes a picture, as a camera program does."""
    return (sys.executable, "-c", f"import sys; open(sys.argv[1], 'wb').write({content!r}); {more}", "{path}")


def fault(camera: CommandCamera | FolderCamera) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        camera.shoot()
    return caught.value


# --- by a command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", [JPEG, PNG])
def test_a_command_takes_a_picture(picture: bytes) -> None:
    assert CommandCamera(writing(picture), within_s=60).shoot() == picture


def test_arguments_reach_the_command_as_they_are_and_no_shell_reads_them(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.touch()
    command = (*writing(JPEG, "assert sys.argv[2] == '; rm -f $HOME *'"), "; rm -f $HOME *")
    assert CommandCamera(command, within_s=60).shoot() == JPEG
    assert victim.exists()


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        (
            ("no-such-camera", "{path}"),
            "camera_no_command",
            "The camera command no-such-camera cannot be run: No such file or directory.",
        ),
        (
            ("/bin/sh", "-c", "echo '\033[31mno camera' >&2; exit 3"),
            "camera_failed",
            "The camera command /bin/sh ended with code 3: [31mno camera.",
        ),
        (("/bin/sh", "-c", "exit 0"), "camera_no_file", "The camera command /bin/sh wrote no picture."),
        (writing(b"GIF89a"), "camera_no_image", "The picture of 6 bytes is neither JPEG nor PNG."),
        (writing(JPEG[:-2]), "camera_no_image", f"The picture of {len(JPEG) - 2} bytes is cut off."),
        (writing(b""), "camera_no_image", "The picture of 0 bytes is neither JPEG nor PNG."),
    ],
)
def test_a_command_that_gives_no_picture_is_named_with_the_cause(
    command: tuple[str, ...], code: str, sentence: str
) -> None:
    error = fault(CommandCamera(command, within_s=60))
    assert (error.code, error.sentence) == (code, sentence)
    assert error.hint


def test_a_command_that_hangs_ends_with_the_time_and_so_do_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = f"sleep 3600 & echo $! > {child}; wait"
    error = fault(CommandCamera(("/bin/sh", "-c", script), within_s=0.5))
    assert error.sentence == "The camera command /bin/sh took longer than 0.5 s."
    pid = int(child.read_text())
    assert until(lambda: not _alive(pid))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


def test_a_picture_that_is_too_large_is_refused_with_both_sizes() -> None:
    error = fault(CommandCamera(writing(JPEG), within_s=60, most_bytes=10))
    assert error.sentence == f"The picture picture.jpg has {len(JPEG)} bytes; at most 10 are taken."


# --- from a folder ----------------------------------------------------------------------------------------------------


class Watch:
    """A folder camera whose sleeps run what happens meanwhile: one step a look."""

    def __init__(self, folder: Path, **options: float) -> None:
        self.looks = 0
        self.steps: dict[int, object] = {}
        self.now = 0.0
        self.camera = FolderCamera(
            folder, clock=lambda: self.now, sleep=self._pass, within_s=options.get("within_s", 10.0)
        )

    def _pass(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)
        self.looks += 1
        step = self.steps.get(self.looks)
        if callable(step):
            step()

    def at(self, look: int, step: object) -> "Watch":
        self.steps[look] = step
        return self


def test_the_picture_that_comes_after_the_question_is_taken_and_not_one_that_lay_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "old.jpg").write_bytes(JPEG)
    watch = Watch(tmp_path).at(2, lambda: (tmp_path / "new.png").write_bytes(PNG))
    assert watch.camera.shoot() == PNG


def test_a_camera_whose_clock_is_years_behind_is_believed_all_the_same(tmp_path: Path) -> None:
    def arrive() -> None:
        (tmp_path / "new.jpg").write_bytes(JPEG)
        os.utime(tmp_path / "new.jpg", (0, 0))

    assert Watch(tmp_path).at(1, arrive).camera.shoot() == JPEG


def test_a_picture_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "new.jpg"
    watch = Watch(tmp_path)
    for look in range(1, 5):
        watch.at(look, lambda look=look: file.write_bytes(JPEG[: look * 5]))
    watch.at(6, lambda: file.write_bytes(JPEG))
    assert watch.camera.shoot() == JPEG
    assert watch.looks >= 7


def test_no_picture_is_taken_twice(tmp_path: Path) -> None:
    watch = Watch(tmp_path).at(1, lambda: (tmp_path / "one.jpg").write_bytes(JPEG))
    assert watch.camera.shoot() == JPEG
    assert fault(watch.camera).code == "camera_no_picture"
    watch.at(watch.looks + 1, lambda: (tmp_path / "two.png").write_bytes(PNG))
    assert watch.camera.shoot() == PNG


def test_of_several_new_ones_the_newest_is_taken_and_the_others_are_passed_over(tmp_path: Path) -> None:
    def arrive() -> None:
        for age, (name, content) in enumerate({"b.png": PNG, "a.jpg": JPEG}.items()):
            (tmp_path / name).write_bytes(content)
            os.utime(tmp_path / name, ns=(0, 10**18 - age * 10**9))

    watch = Watch(tmp_path).at(1, arrive)
    assert watch.camera.shoot() == PNG
    assert fault(watch.camera).code == "camera_no_picture"


@pytest.mark.parametrize("name", [".hidden.jpg", "notes.txt", "new.jpg.part"])
def test_what_is_no_picture_by_its_name_is_not_looked_at(tmp_path: Path, name: str) -> None:
    watch = Watch(tmp_path).at(1, lambda: (tmp_path / name).write_bytes(JPEG))
    error = fault(watch.camera)
    assert (error.code, error.sentence) == (
        "camera_no_picture",
        f"No picture came into {tmp_path} within 10 s.",
    )


def test_a_file_that_is_no_picture_in_spite_of_its_name_is_told(tmp_path: Path) -> None:
    watch = Watch(tmp_path).at(1, lambda: (tmp_path / "new.jpg").write_bytes(b"<html>"))
    assert fault(watch.camera).sentence == "The picture of 6 bytes is neither JPEG nor PNG."


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = fault(FolderCamera(tmp_path / "none"))
    assert error.sentence == f"The watched folder {tmp_path}/none cannot be read: No such file or directory."


# --- keeping ----------------------------------------------------------------------------------------------------------


def test_a_picture_is_kept_under_the_hash_of_its_bytes_once(tmp_path: Path) -> None:
    root = tmp_path / "evidence"
    digest = hashlib.sha256(JPEG).hexdigest()
    kept = [keep(root, JPEG) for _ in range(2)]
    assert kept[0] == kept[1]
    assert kept[0].path == root / digest[:2] / f"{digest[2:]}.jpg"
    assert (kept[0].sha256, kept[0].bytes, kept[0].path.read_bytes()) == (digest, len(JPEG), JPEG)
    assert [path.name for path in root.rglob("*") if path.is_file()] == [kept[0].path.name]
    assert keep(root, PNG).path.suffix == ".png"


def test_many_threads_that_keep_the_same_picture_keep_it_whole(tmp_path: Path) -> None:
    picture = JPEG[:4] + bytes(1_000_000) + JPEG[-2:]
    kept: list[Path] = []
    threads = [threading.Thread(target=lambda: kept.append(keep(tmp_path, picture).path)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (kept, file.read_bytes()) == ([file] * 6, picture)


def test_nothing_is_kept_before_file_and_folders_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    kept = keep(tmp_path / "evidence", JPEG)
    folders = [tmp_path.name, "evidence", kept.path.parent.name]
    assert [name for name in synced if not name.startswith(".")] == folders
    assert synced[2].startswith(f".{kept.path.name}")


def test_a_disk_that_fails_keeps_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(DeviceError) as caught:
        keep(tmp_path, JPEG)
    monkeypatch.undo()
    assert (caught.value.code, caught.value.sentence, caught.value.hint) == (
        "evidence_disk_full",
        f"The picture cannot be kept in {tmp_path}: No space left on device.",
        "Free space.",
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("content", "suffix"), [(JPEG, "jpg"), (PNG, "png")])
def test_the_kind_of_a_picture_is_known_by_its_bytes(content: bytes, suffix: str) -> None:
    assert kind(content) == suffix


# --- the station's camera ---------------------------------------------------------------------------------------------


def test_the_station_gets_a_kept_picture_or_a_problem_and_never_an_exception(tmp_path: Path) -> None:
    taken = Camera(config.Camera(writing(JPEG), seconds=60), tmp_path).take("e-1")
    digest = hashlib.sha256(JPEG).hexdigest()
    assert taken == Taken(digest, tmp_path / digest[:2] / f"{digest[2:]}.jpg", len(JPEG))
    assert isinstance(taken, Taken)
    assert taken.name == f"{digest[:2]}/{digest[2:]}.jpg"
    assert isinstance(Camera(config.Camera(writing(b"moo"), seconds=60), tmp_path).take("e-2"), Problem)
    (tmp_path / "file").touch()
    assert isinstance(
        Camera(config.Camera(writing(JPEG), seconds=60), tmp_path / "file").take("e-3"), Problem
    )
    assert Camera(config.Camera(), tmp_path).take("e-4") == Problem(
        "camera_none",
        "No camera is configured for picture e-4.",
        "Set a command or a folder under [camera].",
    )


def test_the_stations_folder_camera_takes_none_twice(tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    shots.mkdir()
    camera = Camera(config.Camera(folder=shots, seconds=1), tmp_path / "evidence")
    results: list[Taken | Problem] = []
    asking = threading.Thread(target=lambda: results.append(camera.take("e-1")))
    asking.start()
    while asking.is_alive() and not results:
        (shots / "new.jpg").write_bytes(JPEG)
        asking.join(0.3)
    assert isinstance(results[0], Taken)
    assert isinstance(camera.take("e-2"), Problem)


def test_pictures_are_kept_beside_the_database_unless_told_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[database]\npath = "shop/station.db"\n')
    assert evidence_folder(config.load(file, {})) == tmp_path / "shop" / "evidence"
    file.write_text('[camera]\nevidence = "proof"\n')
    assert evidence_folder(config.load(file, {})) == tmp_path / "proof"
