"""Imports: what was merged, and rows that wait for it."""

from sqlmodel import Field, SQLModel


class ImportRun(SQLModel, table=True):
    """An import that was merged: what file, how many rows."""

    __tablename__ = "import_run"
    id: str = Field(primary_key=True)
    kind: str
    source: str
    digest: str
    rows: int
    at: str


class ImportStage(SQLModel, table=True):
    """Rows of an import before it is merged, in batches; `body` is the checked row as JSON."""

    __tablename__ = "import_stage"
    import_id: str = Field(primary_key=True)
    line: int = Field(primary_key=True)
    kind: str
    body: str
