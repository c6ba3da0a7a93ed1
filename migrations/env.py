"""Alembic's way in: the product hands over its connection, inside its own transaction, and commits itself.

For people who write migrations, `alembic -x database=PATH revision --autogenerate --rev-id 0002 -m "…"` works as well.
"""

from pathlib import Path
from typing import Any

from alembic import context
from sqlalchemy import Connection, MetaData


def _metadata() -> MetaData:
    from sqlmodel import SQLModel

    import returns_station.store.tables  # noqa: F401 - fills the metadata

    return SQLModel.metadata


def _rendered(kind: str, item: Any, _autogen: Any) -> str | bool:
    """SQLModel's string type written as the plain one: a migration depends on no library but SQLAlchemy."""
    return "sa.String()" if kind == "type" and type(item).__name__ == "AutoString" else False


def _run(connection: Connection, metadata: MetaData | None) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=_rendered,
        transactional_ddl=True,
        on_version_apply=context.config.attributes.get("on_version_apply", ()),
    )
    with context.begin_transaction():
        context.run_migrations()


def _from_command_line() -> None:
    from returns_station.store.engine import open_engine

    engine = open_engine(Path(context.get_x_argument(as_dictionary=True)["database"]), create=True)
    with engine.begin() as connection:
        _run(connection, _metadata())
    engine.dispose()


handed_over = context.config.attributes.get("connection")
if handed_over is None:
    _from_command_line()
else:
    _run(handed_over, None)
