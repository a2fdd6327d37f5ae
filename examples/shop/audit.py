"""A log in a database that all requests write over one connection. Its safe twin is ``orders``."""

import sqlite3

# The flag silences sqlite3's own check; the transaction is still shared by all threads.
_log = sqlite3.connect(":memory:", check_same_thread=False)  # FGL201
_log.execute("CREATE TABLE log (text TEXT)")


def note(text):
    """Another request's commit or rollback can end this request's transaction half way."""
    _log.execute("INSERT INTO log VALUES (?)", (text,))  # FGL201
    _log.commit()
