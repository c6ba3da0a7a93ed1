"""The commands beside `run` and `demo`: one module a group, each importing what it needs only when it runs."""

import typer

from returns_station.commands.codes import Code, exit_code

__all__ = ["Code", "exit_code", "register"]


def register(app: typer.Typer) -> None:
    """Adds every command of this package to the app."""
    from returns_station.commands import (
        configuring,
        customer,
        devices,
        doctor,
        importing,
        labelling,
        migrating,
        outbox,
        reconciling,
        scanning,
        setup,
        shadowing,
        sheets,
        showing,
        syncing,
        units,
        upstream,
        worklist,
    )

    for module in (
        migrating,
        customer,
        importing,
        syncing,
        reconciling,
        upstream,
        scanning,
        showing,
        doctor,
        setup,
        units,
    ):
        module.register(app)
    for group in (labelling, sheets, outbox, worklist, shadowing, configuring, devices):
        app.add_typer(group.app)
