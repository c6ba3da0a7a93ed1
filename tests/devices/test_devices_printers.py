"""Laws of the folder printer: a label is there whole and once, or the cause and the fix are named."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devices.errors import DeviceError
from devices.printers import PdfFolderPrinter, Printer, PrinterStatus, Submitted

PDF = b"%PDF-1.4 one label\n%%EOF\n"
JOB = "0192f0c1-7b7e-7cc0-8000-00000000002a"

IN_A_SMALL_DISK = """
import sys
from pathlib import Path
from devices.errors import DeviceError
from devices.printers import PdfFolderPrinter
printer = PdfFolderPrinter(Path(sys.argv[1]))
try:
    print(printer.submit("big", b"%PDF-" + b"0" * int(sys.argv[2]), "application/pdf"))
except DeviceError as error:
    print(error.code, error.sentence, error.hint, sep="\\n")
print(printer.status())
print(*sorted(path.name for path in Path(sys.argv[1]).iterdir()))
"""


def on_a_disk(folder: Path, options: str, size: int) -> list[str]:
    """What a submit of `size` bytes says on a real tmpfs mounted with these options."""
    mount = f'mount -t tmpfs -o {options} none "$0" && exec "$@"'
    command = [
        "unshare",
        "-rm",
        "sh",
        "-c",
        mount,
        folder,
        sys.executable,
        "-c",
        IN_A_SMALL_DISK,
        folder,
        str(size),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as fault:
        pytest.skip(f"no mount name spaces here: {fault}")
    if done.returncode and ("unshare" in done.stderr or "mount" in done.stderr):
        pytest.skip(f"no mount name spaces here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_label_becomes_a_file_of_its_job_and_is_confirmed(tmp_path: Path) -> None:
    printer: Printer = PdfFolderPrinter(tmp_path)
    assert printer.submit(JOB, PDF, "application/pdf") == Submitted("confirmed", str(tmp_path / f"{JOB}.pdf"))
    assert [path.name for path in tmp_path.iterdir()] == [f"{JOB}.pdf"]
    assert (tmp_path / f"{JOB}.pdf").read_bytes() == PDF


def test_the_same_job_again_is_the_same_file_with_its_first_content(tmp_path: Path) -> None:
    printer = PdfFolderPrinter(tmp_path)
    first = printer.submit(JOB, PDF, "application/pdf")
    assert printer.submit(JOB, PDF + b"rendered later", "application/pdf") == first
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [PDF]


def test_jobs_of_many_threads_are_each_printed_once(tmp_path: Path) -> None:
    printer = PdfFolderPrinter(tmp_path)
    threads = [
        threading.Thread(target=printer.submit, args=(f"job-{n % 5}", PDF, "application/pdf"))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"job-{n}.pdf" for n in range(5)]
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {PDF}


def test_what_a_crash_left_half_written_is_overwritten_by_the_retry(tmp_path: Path) -> None:
    (tmp_path / f".{JOB}.pdf.part").write_bytes(b"%PDF-1.4 ha" * 99)
    PdfFolderPrinter(tmp_path).submit(JOB, PDF, "application/pdf")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [PDF]


@pytest.mark.parametrize(
    "job_id", ["", "../../etc/passwd", "a/b", ".hidden", "x" * 121, "a\x00b", "tote 7", "é"]
)
def test_a_job_id_that_is_no_plain_file_name_is_refused(job_id: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as refused:
        PdfFolderPrinter(tmp_path).submit(job_id, PDF, "application/pdf")
    assert refused.value.sentence == (
        f"The print job id {job_id!r} cannot name a file: expected 1 to 120 of A-Z a-z 0-9 . _ -"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "media_type"), [(PDF, "application/zpl"), (b"^XA^XZ", "application/pdf")]
)
def test_what_is_no_pdf_is_refused(content: bytes, media_type: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as refused:
        PdfFolderPrinter(tmp_path).submit(JOB, content, media_type)
    assert refused.value.sentence == (
        f"The folder printer takes PDF: job {JOB} is {media_type!r} of {len(content)} bytes."
    )


@pytest.mark.parametrize("place", ["gone", "file/inside"])
def test_a_missing_folder_is_named_and_never_made(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / place
    printer = PdfFolderPrinter(folder)
    with pytest.raises(DeviceError) as refused:
        printer.submit(JOB, PDF, "application/pdf")
    assert (refused.value.code, refused.value.sentence, refused.value.hint) == (
        "printer_folder_missing",
        f"The label folder {folder} does not exist.",
        "Make it, or mount its disk.",
    )
    assert printer.status() == PrinterStatus("stopped", f"The label folder {folder} does not exist.")
    assert not folder.exists()


def test_a_full_disk_is_named_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    assert on_a_disk(tmp_path, "size=64k", 200_000) == [
        "printer_disk_full",
        f"The label folder {tmp_path} is full.",
        "Free space or choose another folder.",
        f"PrinterStatus(band='warning', sentence='Labels go to {tmp_path}; 0 MB are free.')",
        "",
    ]


def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    assert on_a_disk(tmp_path, "ro", 10) == [
        "printer_folder_read_only",
        f"The label folder {tmp_path} cannot be written to.",
        "Give this account the right to write there, or choose another folder.",
        f"PrinterStatus(band='stopped', sentence='The label folder {tmp_path} cannot be written to.')",
        "",
    ]


def test_a_folder_with_room_is_fine_and_one_with_little_warns(tmp_path: Path) -> None:
    fine, little = PdfFolderPrinter(tmp_path, low_space=1), PdfFolderPrinter(tmp_path, low_space=1 << 62)
    assert fine.status().band == "fine"
    assert little.status().band == "warning"
    assert little.status().sentence.startswith(f"Labels go to {tmp_path}; ")


def test_nothing_is_confirmed_before_file_and_folder_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    printer = PdfFolderPrinter(tmp_path)
    printer.submit(JOB, PDF, "application/pdf")
    printer.submit(JOB, PDF, "application/pdf")
    assert synced == [f".{JOB}.pdf.part", tmp_path.name, f"{JOB}.pdf", tmp_path.name]


def test_a_disk_that_fails_to_sync_confirms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(DeviceError) as refused:
        PdfFolderPrinter(tmp_path).submit(JOB, PDF, "application/pdf")
    monkeypatch.undo()
    assert refused.value.sentence == f"The label folder {tmp_path} failed: Input/output error."
    assert list(tmp_path.iterdir()) == []
    assert PdfFolderPrinter(tmp_path).submit(JOB, PDF, "application/pdf").state == "confirmed"
