"""What is set of upstreams: options, hosts, addresses by connector; where secrets are kept, told without telling them."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import pytest

from returns_station import config
from returns_station.config import check, load, secret, secret_place, show
from returns_station.errors import StationError

ERP = '[[target]]\nname = "erp"\nurl = "https://erp.example"\nsecret_env = "ERP_SECRET"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str, **environ: str) -> list[str]:
    return [problem.sentence for problem in check(write(folder, text), environ)]


class TestOptions:
    TEXT = ERP + (
        'hosts = ["erp.example", "10.0.0.7"]\nfeeds = ["products"]\nca_file = "erp.pem"\nbatch = 7\n'
        '[target.options]\ndatabase = "retail"\nwindow = 5\ndraft = false\nuser_env = "ERP_USER"\n'
    )

    def test_every_kind_of_value_arrives_as_text_and_is_shown_with_its_line(self, tmp_path: Path) -> None:
        found = load(write(tmp_path, self.TEXT), {})
        (erp,) = found.targets
        assert erp.options == {"database": "retail", "window": "5", "draft": "false", "user_env": "ERP_USER"}
        assert (erp.hosts, erp.feeds, erp.batch) == (("erp.example", "10.0.0.7"), ("products",), 7)
        assert erp.ca_file == tmp_path / "erp.pem"
        rows = {row.key: (row.value, row.origin) for row in show(found, {})}
        assert rows["target[1].options.window"] == ("5", "config.toml, line 11")
        assert rows["target[1].options.user_env"] == ("ERP_USER (not set)", "config.toml, line 13")

    def test_each_target_has_its_own_and_none_has_none(self, tmp_path: Path) -> None:
        shop = '[[target]]\nname = "shop"\nurl = "https://shop.example"\n'
        found = load(write(tmp_path, f'{shop}{ERP}[target.options]\nregion = "eu"\n'), {})
        assert [dict(one.options) for one in found.targets] == [{}, {"region": "eu"}]

    def test_dotted_keys_and_tables_are_the_same_names_each_with_its_line(self, tmp_path: Path) -> None:
        text = f'{ERP}[target.options]\nplace.restock = "STO"\n"place.scrap" = "LOST"\nplace.hold = "QC"\n'
        found = load(write(tmp_path, text), {})
        named = {"place.restock": "STO", "place.scrap": "LOST", "place.hold": "QC"}
        assert found.targets[0].options == named
        rows = {row.key: (row.value, row.origin) for row in show(found, {})}
        assert rows["target[1].options.place.hold"] == ("QC", "config.toml, line 8")
        assert problems(tmp_path, f"{ERP}[target.options]\na.token = 1\n") == [
            "config.toml, line 6: 'token' looks like a secret, and secrets do not live in this file."
        ]

    def test_they_come_by_a_variable_too(self) -> None:
        given = '[{name = "erp", url = "https://erp.example", options = {window = 5}}]'
        assert load(None, {"RETURNS_STATION_TARGET": given}).targets[0].options == {"window": "5"}

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ("api_key = 'x'", "'api_key' looks like a secret, and secrets do not live in this file."),
            ("Password = 'x'", "'Password' looks like a secret, and secrets do not live in this file."),
            ("signer = 'whsec_aGk='", "'signer' looks like a secret, and secrets do not live in this file."),
            ("token_env = 'hunter2'", "'token_env' is not the name of an environment variable."),
        ],
    )
    def test_a_secret_among_them_is_refused_at_its_line_and_not_repeated(
        self, tmp_path: Path, line: str, sentence: str
    ) -> None:
        found = problems(tmp_path, f"{ERP}[target.options]\n{line}\n")
        assert found == [f"config.toml, line 6: {sentence}"]

    def test_a_secret_among_them_in_a_variable_is_refused_too(self) -> None:
        given = '[{name = "erp", url = "https://erp.example", options = {password = "hunter2"}}]'
        (problem,) = check(None, {"RETURNS_STATION_TARGET": given})
        assert (problem.code, "hunter2" in str(problem)) == ("config.secret", False)

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("rate = 0.5", "'rate' is a number with a fraction"),
            ("map = {a = [1]}", "'map.a' is a list"),
            ("list = [1]", "'list' is a list"),
        ],
    )
    def test_what_is_no_plain_value_is_named(self, tmp_path: Path, line: str, told: str) -> None:
        (found,) = problems(tmp_path, f"{ERP}[target.options]\n{line}\n")
        assert found == (
            "config.toml, line 5: 'options' is a table; expected a table of texts, whole numbers and "
            f"true or false; {told}."
        )

    def test_a_key_of_the_target_that_is_misspelt_names_the_nearest(self, tmp_path: Path) -> None:
        assert problems(tmp_path, f"{ERP}hsots = []\n") == [
            "config.toml, line 5: unknown key 'hsots'; did you mean 'hosts'?"
        ]
        assert problems(tmp_path, f"{ERP}[target.optoins]\na = 1\n") == [
            "config.toml, line 5: unknown key 'optoins'; did you mean 'options'?"
        ]


class TestAddresses:
    @pytest.mark.parametrize(
        ("connector", "url"),
        [
            ("http", "https://wms.example"),
            ("tryton", "http://127.0.0.1:8000"),
            ("files", "file:///srv/exchange"),
            ("manual", "manual:"),
            ("someone_elses", "sftp://files.example/in"),
        ],
    )
    def test_each_connector_takes_its_own(self, tmp_path: Path, connector: str, url: str) -> None:
        text = f'[[target]]\nname = "one"\nconnector = "{connector}"\nurl = "{url}"\n'
        assert problems(tmp_path, text) == []

    @pytest.mark.parametrize(
        ("connector", "url", "expected"),
        [
            ("files", "https://wms.example", "a folder, as in file:///srv/exchange"),
            ("manual", "https://wms.example", "manual:"),
            ("medusa", "file:///srv", "an address that starts with https:// or http://"),
            ("someone_elses", "wms.example", "an address that starts with its scheme, as in https://"),
            ("http", "https://[", "an address that starts with https:// or http://"),
        ],
    )
    def test_another_ones_is_named_with_what_is_expected(
        self, tmp_path: Path, connector: str, url: str, expected: str
    ) -> None:
        text = f'[[target]]\nname = "one"\nconnector = "{connector}"\nurl = "{url}"\n'
        assert problems(tmp_path, text) == [f"config.toml, line 4: 'url' is '{url}'; expected {expected}."]

    @pytest.mark.parametrize("host", ["https://erp.example", "erp.example:8000", "*.example", "a b", ""])
    def test_an_allow_list_holds_hosts_alone(self, tmp_path: Path, host: str) -> None:
        expected = f"'{host}'; expected names or addresses of hosts, without scheme, port and stars."
        assert problems(tmp_path, f'{ERP}hosts = ["{host}"]\n') == [
            f"config.toml, line 5: 'hosts' is {expected}"
        ]
        assert problems(tmp_path, f'[sync]\nallow_hosts = ["{host}"]\n') == [
            f"config.toml, line 2: 'allow_hosts' is {expected}"
        ]


class TestListening:
    @pytest.mark.parametrize(
        ("line", "where"),
        [
            ("", None),
            ('listen = "127.0.0.1:9108"', ("127.0.0.1", 9108)),
            ('listen = "[::1]:0"', ("::1", 0)),
            ('listen = "0.0.0.0:9108"\nlisten_public = true', ("0.0.0.0", 9108)),
        ],
    )
    def test_is_an_address_of_this_machine_unless_said_otherwise(
        self, tmp_path: Path, line: str, where: tuple[str, int] | None
    ) -> None:
        assert config.listening(load(write(tmp_path, f"[sync]\n{line}\n"), {}).sync) == (where, "")

    @pytest.mark.parametrize(
        "address", ["0.0.0.0:9108", "10.0.0.7:9108", "9108", "localhost:9108", "127.0.0.1:99999", "[::]:1"]
    )
    def test_any_other_is_refused(self, tmp_path: Path, address: str) -> None:
        (found,) = problems(tmp_path, f'[sync]\nlisten = "{address}"\n')
        assert found.startswith(
            f"config.toml, line 2: 'listen' is '{address}'; expected an address and port of this machine"
        )


class _Ring(keyring.backend.KeyringBackend):
    """A keyring in memory; the system's needs a desktop session."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture
def ring() -> Iterator[_Ring]:
    before, ring = keyring.get_keyring(), _Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


class TestWhereSecretsAre:
    def test_each_place_gives_way_to_the_one_before_it_and_is_told_by_name(
        self, tmp_path: Path, ring: _Ring
    ) -> None:
        found = load(write(tmp_path, f'[secrets]\nkeyring = "station"\n{ERP}'), {})
        folder = tmp_path / "credentials"
        folder.mkdir()
        environ = {"CREDENTIALS_DIRECTORY": str(folder)}
        ring.set_password("station", "ERP_SECRET", "by keyring")
        seen = [self._seen(found, environ)]
        (tmp_path / "secrets.env").write_text("ERP_SECRET=by file\n")
        seen.append(self._seen(found, environ))
        (folder / "erp_secret").write_text("by lower case\n")
        seen.append(self._seen(found, environ))
        (folder / "ERP_SECRET").write_text("by credential\n")
        seen.append(self._seen(found, environ))
        seen.append(self._seen(found, environ | {"ERP_SECRET": "by environment"}))
        assert seen == [
            ("by keyring", "the keyring, service station"),
            ("by file", "the file secrets.env"),
            ("by lower case", "systemd's credential erp_secret"),
            ("by credential", "systemd's credential ERP_SECRET"),
            ("by environment", "the environment"),
        ]

    def _seen(self, found: config.Config, environ: dict[str, str]) -> tuple[str, str | None]:
        rows = {row.key: row.value for row in show(found, environ)}
        value, place = secret(found, "ERP_SECRET", environ), secret_place(found, "ERP_SECRET", environ)
        assert rows["target[1].secret_env"] == f"ERP_SECRET (set by {place}, hidden)"
        assert value not in str(rows)
        return value, place

    def test_where_it_is_nowhere_every_place_that_was_looked_in_is_named(
        self, tmp_path: Path, ring: _Ring
    ) -> None:
        found = load(write(tmp_path, f'[secrets]\nkeyring = "station"\n{ERP}'), {})
        with pytest.raises(StationError) as caught:
            secret(found, "ERP_SECRET", {"CREDENTIALS_DIRECTORY": "/run/credentials/x"})
        assert caught.value.sentence == (
            f"The secret ERP_SECRET is neither in the environment nor in {tmp_path}/secrets.env "
            "nor in /run/credentials/x nor in the keyring under station."
        )

    def test_a_keyring_that_cannot_be_asked_is_said_and_the_others_are_asked_before(
        self, tmp_path: Path
    ) -> None:
        found = load(write(tmp_path, f'[secrets]\nkeyring = "station"\n{ERP}'), {})
        before = keyring.get_keyring()
        keyring.set_keyring(keyring.backends.fail.Keyring())
        try:
            with pytest.raises(StationError) as caught:
                secret(found, "ERP_SECRET", {})
            (told,) = [row.value for row in show(found, {}) if row.key == "target[1].secret_env"]
            assert secret(found, "ERP_SECRET", {"ERP_SECRET": "known"}) == "known"
        finally:
            keyring.set_keyring(before)
        assert caught.value.code == "config.keyring"
        assert told == "ERP_SECRET (not known: The keyring cannot be asked for ERP_SECRET: NoKeyringError.)"

    def test_a_credential_that_all_can_read_is_a_warning_and_systemds_own_is_not(
        self, tmp_path: Path
    ) -> None:
        text = f'{ERP}[target.options]\nuser_env = "ERP_USER"\n'
        environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
        for name, mode in (("erp_secret", 0o440), ("ERP_USER", 0o444)):
            (tmp_path / name).write_text("x")
            (tmp_path / name).chmod(mode)
        assert problems(tmp_path, text, **environ) == [
            f"The credential {tmp_path}/ERP_USER is open to others (mode 0444)."
        ]
