"""The dock: arrival of parcels, pictures, labels left for later, the printer a label goes to."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.create_table(
        "waiting_parcel",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("parcel_id", sa.String(), nullable=False),
        sa.Column("merchant", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("ref", "parcel_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_waiting_parcel_parcel_id", "waiting_parcel", ["parcel_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("parcel_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("asked_at", sa.String(), nullable=False),
        sa.Column("stored_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_evidence_parcel_id", "evidence", ["parcel_id"], unique=False)
    text, number = sa.String, sa.Integer
    columns = {"cage": text, "manifest": text, "seal": text, "piece": number, "of": number}
    columns |= {"weight_grams": number, "damage": text, "arrived_at": text}
    for name, kind in columns.items():
        op.add_column("parcel", sa.Column(name, kind(), nullable=True))
    op.create_index("ix_parcel_cage", "parcel", ["cage"], unique=False)
    op.add_column("return_unit", sa.Column("labelling", sa.String(), nullable=True))
    op.add_column("print_job", sa.Column("printer", sa.String(), nullable=True))
    # Until now a parcel came when it was opened.
    op.execute("UPDATE parcel SET arrived_at = opened_at")
