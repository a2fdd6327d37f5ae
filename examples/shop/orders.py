"""Orders in a database, over a connection that each request opens for itself: the safe twin of ``audit``."""

import sqlite3

from flask import current_app, g


def connection():
    """The connection of this request; ``g`` lives as long as the request does."""
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"])
    return g.db


def close(error=None):
    if db := g.pop("db", None):
        db.close()


def create_tables():
    connection().execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, sku TEXT, cents INTEGER)")


def add(sku, cents):
    db = connection()
    order = db.execute("INSERT INTO orders (sku, cents) VALUES (?, ?)", (sku, cents)).lastrowid
    db.commit()
    return order
