"""The configuration names every mistake by file, line and nearest key, and never holds a secret."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station import config
from returns_station.config import Config, Target, check, load, secret, show
from returns_station.errors import StationError
from returns_station.tomlfile import parse_toml

WHOLE = """\
[station]
name = "Dock 3"
number = 42
site = "leeds"
merchant = "candles"

[database]
path = "shop/station.db"

[[scanner]]
name = "hand"
url = "/dev/ttyACM0"

[[scanner]]
name = "ring"
url = "socket://127.0.0.1:4001"
baud = 115200

[[printer]]
name = "labels"
folder = "out"

[[target]]
name = "wms"
url = "https://wms.example"
secret_env = "WMS_SECRET"
types = ["receipt", "stock"]

[sync]
batch = 50
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def sentences(folder: Path, text: str | bytes, **environ: str) -> list[str]:
    return [problem.sentence for problem in check(write(folder, text), environ)]


def refusal(path: Path | None, **environ: str) -> StationError:
    with pytest.raises(StationError) as caught:
        load(path, environ)
    return caught.value


class TestReading:
    def test_every_value_arrives_with_its_type_and_paths_start_at_the_file(self, tmp_path: Path) -> None:
        found = load(write(tmp_path, WHOLE), {})
        assert (found.station.name, found.station.number, found.station.site) == ("Dock 3", 42, "leeds")
        assert found.database.path == tmp_path / "shop" / "station.db"
        assert [(one.name, one.baud) for one in found.scanners] == [("hand", 9600), ("ring", 115200)]
        assert found.printers[0].folder == tmp_path / "out"
        assert found.targets == (
            Target("wms", "https://wms.example", "http", "WMS_SECRET", "", ("receipt", "stock")),
        )
        assert found.sync.batch == 50

    def test_without_a_file_everything_has_a_default_in_the_users_own_folders(self) -> None:
        found = load(None, {})
        assert (found.file, found.station.number, found.policy.path, found.targets) == (None, 0, None, ())
        assert found.database.path == found.folders.data / "station.db"
        assert found.database.path.is_absolute()

    def test_the_file_named_by_the_environment_is_read(self, tmp_path: Path) -> None:
        assert load(None, {"RETURNS_STATION_CONFIG": str(write(tmp_path, WHOLE))}).station.number == 42

    def test_the_environment_wins_over_the_file(self, tmp_path: Path) -> None:
        found = load(
            write(tmp_path, WHOLE),
            {
                "RETURNS_STATION_STATION_NUMBER": "7",
                "RETURNS_STATION_DATABASE_PATH": str(tmp_path / "x.db"),
                "RETURNS_STATION_SCANNER": '[{name = "pty", url = "/dev/pts/9"}]',
            },
        )
        assert (found.station.number, found.station.name) == (7, "Dock 3")
        assert found.database.path == tmp_path / "x.db"
        assert [one.name for one in found.scanners] == ["pty"]

    def test_variables_of_other_meaning_are_left_alone(self) -> None:
        environ = {"RETURNS_STATION_UPSTREAM_SECRET": "x", "RETURNS_STATION_SYNC_TOKEN": "y", "PATH": "/bin"}
        assert check(None, environ) == []

    @pytest.mark.parametrize("change", [lambda t: b"\xef\xbb\xbf" + t, lambda t: t.replace(b"\n", b"\r\n")])
    def test_a_byte_order_mark_and_windows_line_ends_change_nothing(
        self, tmp_path: Path, change: Callable[[bytes], bytes]
    ) -> None:
        plain = load(write(tmp_path, WHOLE), {})
        assert load(write(tmp_path, change(WHOLE.encode())), {}) == plain

    def test_the_value_is_frozen(self) -> None:
        with pytest.raises(AttributeError):
            load(None, {}).station.number = 3  # type: ignore[misc]


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            (
                "[station]\n\n\n\n\n\nnumbr = 3\n",
                "config.toml, line 7: unknown key 'numbr'; did you mean 'number'?",
            ),
            ("# labels\n[[prnter]]\n", "config.toml, line 2: unknown key 'prnter'; did you mean 'printer'?"),
            ("[station]\nzebra = 1\n", "config.toml, line 2: unknown key 'zebra'."),
            (
                "[station]\r\nnumber = 676\r\n",
                "config.toml, line 2: 'number' is 676; expected a whole number from 0 to 675.",
            ),
            (
                '[station]\nnumber = "7"\n',
                "config.toml, line 2: 'number' is '7'; expected a whole number from 0 to 675.",
            ),
            (
                "[station]\nnumber = true\n",
                "config.toml, line 2: 'number' is true; expected a whole number from 0 to 675.",
            ),
            ("[station]\nname = 7\n", "config.toml, line 2: 'name' is 7; expected a text in quotes."),
            (
                "[sync]\nbatch = 1.5\n",
                "config.toml, line 2: 'batch' is 1.5; expected a whole number from 1 to 1000.",
            ),
            (
                '[log]\nlevel = "loud"\n',
                "config.toml, line 2: 'level' is 'loud'; expected 'debug' or 'info' or 'warning' or 'error'.",
            ),
            ("[database]\npath = 3\n", "config.toml, line 2: 'path' is 3; expected a path in quotes."),
            ("scanner = 3\n", "config.toml, line 1: 'scanner' is 3; expected a table headed `[[scanner]]`."),
            ("[[station]]\n", "config.toml, line 1: 'station' is [{}]; expected a table headed `[station]`."),
            (
                '[[target]]\nname = "wms"\nurl = "file:///etc/passwd"\n',
                "config.toml, line 3: 'url' is 'file:///etc/passwd'; expected an address that starts with https:// or http://.",
            ),
            (
                '[[target]]\nname = "a"\nurl = "http://x"\ntypes = "stock"\n',
                "config.toml, line 4: 'types' is 'stock'; expected a list of texts.",
            ),
            ('[[scanner]]\nname = "hand"\n', "config.toml, line 2: 'url' is missing in scanner[1]."),
            (
                '[[scanner]]\nname="a"\nurl="b"\n[[scanner]]\nname="a"\nurl="c"\n',
                "config.toml, line 5: 'name' is 'a'; expected a name that no other scanner has.",
            ),
            (
                '[station]\nname = "a\\u001b[2J"\n',
                "config.toml, line 2: 'name' is 'a\\x1b[2J'; expected a text in quotes.",
            ),
        ],
    )
    def test_is_named_by_line_value_and_expectation(self, tmp_path: Path, text: str, sentence: str) -> None:
        assert sentences(tmp_path, text) == [sentence]

    def test_in_the_environment_is_named_by_variable(self) -> None:
        environ = {
            "RETURNS_STATION_DATABSE_PATH": "x",
            "RETURNS_STATION_STATION_NUMBER": "seven",
            "RETURNS_STATION_SYNC_BATCHES": "5",
            "RETURNS_STATION_TARGET": "wms",
        }
        assert [problem.sentence for problem in check(None, environ)] == [
            "RETURNS_STATION_DATABSE_PATH: unknown key 'databse'; did you mean 'database'?",
            "environment: 'RETURNS_STATION_TARGET' is 'wms'; expected inline tables, as in `[{name = \"…\"}]`.",
            "RETURNS_STATION_STATION_NUMBER: 'number' is 'seven'; expected a whole number from 0 to 675.",
            "RETURNS_STATION_SYNC_BATCHES: unknown key 'batches'; did you mean 'batch'?",
        ]

    def test_several_are_all_told_by_check_and_counted_by_load(self, tmp_path: Path) -> None:
        path = write(tmp_path, "[station]\nnumber = -1\nnmae = 3\n[sync]\nbatch = 0\n")
        assert len(check(path, {})) == 3
        fault = refusal(path)
        assert fault.code == "config.unknown_key"
        assert fault.sentence == "config.toml, line 3: unknown key 'nmae'; did you mean 'name'?"
        assert fault.hint == (
            "Known here: language, merchant, name, number, site. 2 more: run `returns-station config check`."
        )

    def test_of_toml_itself_has_its_line(self, tmp_path: Path) -> None:
        assert sentences(tmp_path, "[station]\nname = Dock 1\n") == [
            "config.toml, line 2: not readable as TOML: invalid value."
        ]
        assert sentences(tmp_path, "[station]\nname = ") == [
            "config.toml, line 2: not readable as TOML: invalid value."
        ]
        assert sentences(tmp_path, b'[station]\nname = "Z\xfcrich"\n') == [
            "config.toml, line 2: byte 0xFC is not UTF-8 text."
        ]

    def test_a_named_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        fault = refusal(tmp_path / "none.toml")
        assert fault.code == "config.read"
        assert fault.sentence == f"{tmp_path}/none.toml cannot be read: No such file or directory."


class TestSecrets:
    @pytest.mark.parametrize("key", ["secret", "password", "api_key", "signing-key", "bearerToken", "PASSWD"])
    def test_a_key_that_looks_like_one_is_refused_and_its_value_is_not_repeated(
        self, tmp_path: Path, key: str
    ) -> None:
        text = f'[[target]]\nname = "wms"\nurl = "https://wms.example"\n"{key}" = "hunter2"\n'
        problems = check(write(tmp_path, text), {})
        assert [problem.sentence for problem in problems] == [
            f"config.toml, line 4: '{key}' looks like a secret, and secrets do not live in this file."
        ]
        assert "hunter2" not in str(problems)

    def test_one_written_where_its_variables_name_belongs_is_refused_unrepeated(self, tmp_path: Path) -> None:
        text = '[[target]]\nname = "wms"\nurl = "https://wms.example"\nsecret_env = "whsec_hunter2"\n'
        problems = check(write(tmp_path, text), {})
        assert [problem.sentence for problem in problems] == [
            "config.toml, line 4: 'secret_env' is not the name of an environment variable."
        ]
        assert "hunter2" not in str(problems)

    def test_one_in_an_address_is_refused_unrepeated(self, tmp_path: Path) -> None:
        problems = check(
            write(tmp_path, '[[target]]\nname = "wms"\nurl = "https://me:hunter2@wms.example"\n'), {}
        )
        assert [problem.code for problem in problems] == ["config.secret"]
        assert "hunter2" not in str(problems)

    def test_comes_from_the_environment_first_and_from_the_secrets_file_second(self, tmp_path: Path) -> None:
        found = load(write(tmp_path, WHOLE), {})
        file = tmp_path / "secrets.env"
        file.write_text("# keys\nexport WMS_SECRET='from the file'\nOTHER=a=b\n")
        assert secret(found, "WMS_SECRET", {"WMS_SECRET": "from outside"}) == "from outside"
        assert secret(found, "WMS_SECRET", {}) == "from the file"
        assert secret(found, "OTHER", {}) == "a=b"

    def test_a_missing_one_is_named_with_both_places(self, tmp_path: Path) -> None:
        found = load(write(tmp_path, WHOLE), {})
        with pytest.raises(StationError) as caught:
            secret(found, "WMS_SECRET", {})
        assert caught.value.sentence == (
            f"The secret WMS_SECRET is neither in the environment nor in {tmp_path}/secrets.env."
        )

    def test_a_file_that_others_can_read_is_a_warning_and_not_a_refusal(self, tmp_path: Path) -> None:
        path, file = write(tmp_path, WHOLE), tmp_path / "secrets.env"
        file.write_text("A=b\n")
        file.chmod(0o644)
        sentence = f"The secrets file {file} is open to others (mode 0644)."
        assert [problem.sentence for problem in load(path, {}).warnings] == [sentence]
        assert {problem.code for problem in check(path, {})} <= config.WARNINGS
        file.chmod(0o600)
        assert load(path, {}).warnings == ()


class TestShow:
    def rows(self, found: Config, **environ: str) -> dict[str, tuple[str, str]]:
        return {row.key: (row.value, row.origin) for row in show(found, environ)}

    def test_tells_the_origin_of_every_value(self, tmp_path: Path) -> None:
        rows = self.rows(load(write(tmp_path, WHOLE), {"RETURNS_STATION_STATION_SITE": "york"}))
        assert rows["station.number"] == ("42", "config.toml, line 3")
        assert rows["station.site"] == ("york", "RETURNS_STATION_STATION_SITE")
        assert rows["station.language"] == ("en", "default")
        assert rows["scanner[2].baud"] == ("115200", "config.toml, line 17")
        assert rows["target[1].types"] == ("receipt, stock", "config.toml, line 27")

    def test_tells_of_a_secret_only_whether_it_is_set(self, tmp_path: Path) -> None:
        found = load(write(tmp_path, WHOLE), {})
        assert (
            self.rows(found, WMS_SECRET="hunter2")["target[1].secret_env"][0]
            == "WMS_SECRET (set by the environment, hidden)"
        )
        assert self.rows(found)["target[1].secret_env"][0] == "WMS_SECRET (not set)"
        assert "hunter2" not in json.dumps(self.rows(found, WMS_SECRET="hunter2"))


class TestLines:
    def test_survive_multi_line_values_comments_and_quoted_keys(self) -> None:
        text = b"""# = [
a = '''
[not.a.table]
b = 1
'''
"c.d" = [
  1, # ]
  2,
]
[[e]]
f.g = {h = "]"}
[e.i]
j = "x = \\" ["
[[e]]
k = 0
"""
        lines = parse_toml(text, "x").lines
        assert lines == {
            ("a",): 2,
            ("c.d",): 6,
            ("e",): 10,
            ("e", 0): 10,
            ("e", 0, "f", "g"): 11,
            ("e", 0, "i"): 12,
            ("e", 0, "i", "j"): 13,
            ("e", 1): 14,
            ("e", 1, "k"): 15,
        }

    @given(st.text(max_size=200) | st.text(alphabet="[]={}\"'#.\\ab1\n ", max_size=60))
    def test_no_text_at_all_breaks_the_reader(self, text: str) -> None:
        with suppress(StationError):
            parse_toml(text.encode("utf-8", "surrogatepass"), "x.toml")


def test_reading_the_configuration_loads_no_heavy_library() -> None:
    code = "import sys; from returns_station import config; config.load(None, {}); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"pydantic", "sqlalchemy", "structlog", "textual", "asyncio"}.isdisjoint(run.stdout.split())


class TestOutputDevices:
    def test_every_key_of_every_kind_of_printer_arrives(self, tmp_path: Path) -> None:
        text = """\
[[printer]]
name = "office"
kind = "spooler"
queue = "Labels_4x6"
connect_seconds = 2
options = ["media=Custom.100x150mm", "fit-to-page"]
seconds = 9
[[printer]]
name = "zebra"
kind = "zpl-tcp"
host = "10.0.0.7"
dpi = 300
size = "compact"
[[printer]]
name = "old"
kind = "zpl-serial"
url = "/dev/ttyUSB0"
baud = 19200
"""
        office, zebra, old = load(write(tmp_path, text), {}).printers
        assert (office.queue, office.options) == ("Labels_4x6", ("media=Custom.100x150mm", "fit-to-page"))
        assert (office.connect_seconds, office.seconds) == (2, 9)
        assert (zebra.host, zebra.port, zebra.dpi, zebra.size) == ("10.0.0.7", 9100, 300, "compact")
        assert (old.url, old.baud, old.dpi, old.size) == ("/dev/ttyUSB0", 19200, 203, "large")

    def test_scale_camera_and_sound_arrive(self, tmp_path: Path) -> None:
        text = """\
[scale]
url = "/dev/ttyS0"
profile = "nci"
unit = "lb"
request = 'W\\r'
[camera]
command = ["fswebcam", "{path}"]
[sound]
on = false
player = ["aplay", "-q", "{path}"]
"""
        found = load(write(tmp_path, text), {})
        assert (found.scale.url, found.scale.profile, found.scale.unit) == ("/dev/ttyS0", "nci", "lb")
        assert found.scale.request == b"W\r"
        assert (found.camera.command, found.camera.folder) == (("fswebcam", "{path}"), None)
        assert (found.sound.on, found.sound.player) == (False, ("aplay", "-q", "{path}"))

    def test_without_them_there_is_no_scale_and_no_camera_and_sound_is_on(self) -> None:
        found = load(None, {})
        assert (found.scale.url, found.camera.command, found.camera.folder) == ("", (), None)
        assert found.sound.on is True

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            (
                '[[printer]]\nname = "a"\nkind = "laser"\n',
                "config.toml, line 3: 'kind' is 'laser'; expected 'pdf-folder' or 'spooler' or 'zpl-tcp' or 'zpl-serial'.",
            ),
            (
                '[[printer]]\nname = "a"\nkind = "spooler"\n',
                "config.toml, line 3: 'queue' is missing in printer[1].",
            ),
            (
                '[[printer]]\nname = "a"\nkind = "zpl-tcp"\n',
                "config.toml, line 3: 'host' is missing in printer[1].",
            ),
            (
                '[[printer]]\nname = "a"\nkind = "zpl-serial"\n',
                "config.toml, line 3: 'url' is missing in printer[1].",
            ),
            (
                '[[printer]]\nname = "a"\nhost = "10.0.0.7"\n',
                "config.toml, line 3: 'host' is '10.0.0.7'; expected this key only with kind 'zpl-tcp'.",
            ),
            (
                '[[printer]]\nname = "a"\ndpi = 203\n',
                "config.toml, line 3: 'dpi' is 203; expected this key only with kind 'zpl-tcp' or 'zpl-serial'.",
            ),
            (
                '[[printer]]\nname = "a"\nkind = "spooler"\nqueue = "-o raw"\n',
                "config.toml, line 4: 'queue' is '-o raw'; expected the name of a queue, as `lpstat -a` lists it.",
            ),
            (
                '[[printer]]\nname = "a"\nkind = "spooler"\nqueue = "q"\noptions = ["-d x"]\n',
                (
                    "config.toml, line 5: 'options' is ['-d x']; expected options of lp, as in "
                    '`["media=Custom.100x150mm"]`.'
                ),
            ),
            (
                '[[printer]]\nname = "a"\nkind = "zpl-tcp"\nhost = "http://z"\n',
                (
                    "config.toml, line 4: 'host' is 'http://z'; expected the name or address of a printer, "
                    "without scheme and port."
                ),
            ),
            (
                '[[printer]]\nname = "a"\nkind = "zpl-tcp"\nhost = "z"\ndpi = 204\n',
                "config.toml, line 5: 'dpi' is 204; expected 203, 300 or 600.",
            ),
            (
                '[[printer]]\nname = "a"\nkind = "zpl-tcp"\nhost = "z"\nport = 0\n',
                "config.toml, line 5: 'port' is 0; expected a whole number from 1 to 65535.",
            ),
            (
                '[scale]\nprofile = "toldeo"\n',
                "config.toml, line 2: 'profile' is 'toldeo'; expected 'generic' or 'toledo' or 'toledo-continuous' or 'nci'.",
            ),
            (
                '[scale]\nunit = "st"\n',
                "config.toml, line 2: 'unit' is 'st'; expected 'g' or 'kg' or 'lb' or 'oz'.",
            ),
            ("[scael]\n", "config.toml, line 1: unknown key 'scael'; did you mean 'scale'?"),
            (
                '[camera]\ncommand = ["fswebcam"]\n',
                "config.toml, line 2: 'command' is ['fswebcam']; expected a command in which `{path}` stands for the picture.",
            ),
            (
                '[camera]\ncommand = ["fswebcam", "{path}"]\nfolder = "shots"\n',
                "config.toml, line 3: 'folder' is 'shots'; expected either a command or a folder.",
            ),
            ('[sound]\non = "yes"\n', "config.toml, line 2: 'on' is 'yes'; expected true or false."),
            (
                '[sound]\nplayer = ["aplay"]\n',
                "config.toml, line 2: 'player' is ['aplay']; expected a command in which `{path}` stands for the sound.",
            ),
        ],
    )
    def test_a_mistake_is_named_by_line_value_and_expectation(
        self, tmp_path: Path, text: str, sentence: str
    ) -> None:
        assert sentences(tmp_path, text) == [sentence]
