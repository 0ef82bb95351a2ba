"""Making a new SQLite database one of DicomSuite's, whoever opens it first."""

from __future__ import annotations

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

Statement = tuple[str, tuple]
"""SQL and its parameters."""


def make_if_empty(
    connection: sqlite3.Connection,
    application_id: int,
    version: int,
    statements: Sequence[Statement],
    journal: str = "WAL",
) -> None:
    """Run the statements in an empty database and mark it, in one transaction, so that a kill leaves either.

    The database is given this journal mode. One that holds anything stays as it is.
    """
    if not _is_empty(connection):
        return
    connection.execute(f"PRAGMA journal_mode = {journal}")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _is_empty(connection):  # still: nobody else was faster
            for statement, parameters in statements:
                connection.execute(statement, parameters)
            connection.execute(f"PRAGMA application_id = {application_id}")
            connection.execute(f"PRAGMA user_version = {version}")


def _is_empty(connection: sqlite3.Connection) -> bool:
    queries = ("PRAGMA application_id", "SELECT COUNT(*) FROM sqlite_master")
    return all(connection.execute(query).fetchone()[0] == 0 for query in queries)
