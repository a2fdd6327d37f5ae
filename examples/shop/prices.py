"""A singleton that is made when it is first needed."""

import threading

from shop.counters import PRODUCTS


class Book:
    """Prices in cents."""

    def __init__(self):
        self._prices = dict.fromkeys(PRODUCTS, 250)

    def price(self, sku):
        return self._prices[sku]

    def change(self, sku, cents):
        self._prices[sku] = cents


_draft = None
_book = None
_book_lock = threading.Lock()


def draft():
    """Two requests can both find nothing and make a book each; what the first writes into its own is lost."""
    global _draft
    if _draft is None:
        _draft = Book()  # FGL102
    return _draft


def book():
    """The twin: look and make under one lock."""
    global _book
    with _book_lock:
        if _book is None:
            _book = Book()
        return _book
