"""Upstreams: their ids for what they made, how they answer, their customers and products, the old system beside us."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"

_TEXT, _NUMBER, _FLAG = sa.String, sa.Integer, sa.Boolean


def upgrade() -> None:
    _told_and_answered()
    _old_system()
    _customers_and_products()


def _told_and_answered() -> None:
    op.create_table(
        "upstream_ref",
        sa.Column("target", _TEXT(), nullable=False),
        sa.Column("return_id", _TEXT(), nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("value", _TEXT(), nullable=False),
        sa.Column("put_at", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("target", "return_id", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "target_state",
        sa.Column("target", _TEXT(), nullable=False),
        sa.Column("tried_at", _TEXT(), nullable=True),
        sa.Column("answered_at", _TEXT(), nullable=True),
        sa.Column("pulled_at", _TEXT(), nullable=True),
        sa.Column("problem_code", _TEXT(), nullable=True),
        sa.Column("problem", _TEXT(), nullable=True),
        sa.PrimaryKeyConstraint("target"),
    )
    op.create_table(
        "webhook_seen",
        sa.Column("target", _TEXT(), nullable=False),
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("seen_at", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("target", "id"),
        sqlite_with_rowid=False,
    )


def _old_system() -> None:
    op.create_table(
        "family_switch",
        sa.Column("target", _TEXT(), nullable=False),
        sa.Column("family", _TEXT(), nullable=False),
        sa.Column("live", _FLAG(), nullable=False),
        sa.Column("by", _TEXT(), nullable=True),
        sa.Column("at", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("target", "family"),
    )
    op.create_table(
        "legacy_effect",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("target", _TEXT(), nullable=False),
        sa.Column("merchant", _TEXT(), nullable=False),
        sa.Column("kind", _TEXT(), nullable=False),
        sa.Column("return_number", _TEXT(), nullable=True),
        sa.Column("order_number", _TEXT(), nullable=True),
        sa.Column("sku", _TEXT(), nullable=True),
        sa.Column("quantity", _NUMBER(), nullable=True),
        sa.Column("disposition", _TEXT(), nullable=True),
        sa.Column("location", _TEXT(), nullable=True),
        sa.Column("amount_minor", _NUMBER(), nullable=True),
        sa.Column("currency", _TEXT(), nullable=True),
        sa.Column("reference", _TEXT(), nullable=True),
        sa.Column("occurred_at", _TEXT(), nullable=True),
        sa.Column("file", _TEXT(), nullable=False),
        sa.Column("line", _NUMBER(), nullable=False),
        sa.Column("imported_at", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_legacy_effect_target", "legacy_effect", ["target"], unique=False)


def _customers_and_products() -> None:
    op.create_table(
        "customer_history",
        sa.Column("customer_id", _TEXT(), nullable=False),
        sa.Column("orders", _NUMBER(), nullable=True),
        sa.Column("pieces_bought", _NUMBER(), nullable=True),
        sa.Column("pieces_returned", _NUMBER(), nullable=True),
        sa.Column("spent_minor", _NUMBER(), nullable=True),
        sa.Column("returned_minor", _NUMBER(), nullable=True),
        sa.Column("currency", _TEXT(), nullable=True),
        sa.Column("first_order_at", _TEXT(), nullable=True),
        sa.Column("updated_at", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id"),
    )
    op.add_column("product", sa.Column("family", _TEXT(), nullable=True))
    op.add_column("product", sa.Column("images", _TEXT(), nullable=False, server_default="[]"))
    op.add_column("product", sa.Column("vendor_terms", _TEXT(), nullable=True))
