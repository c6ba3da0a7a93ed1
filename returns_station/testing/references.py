"""References in memory, for tests of a connector without a station."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class MemoryReferences:
    """The ids that an upstream gave, by the connector's own names; `puts` are all of them in their order."""

    kept: dict[str, str] = field(default_factory=dict)
    puts: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        """The upstream's id, or None where none was put."""
        return self.kept.get(name)

    def put(self, name: str, value: str) -> None:
        """Keeps an id, in place of an earlier one."""
        self.kept[name] = value
        self.puts.append((name, value))
