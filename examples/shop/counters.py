"""Counters in another module than the views that use them."""

import threading

PRODUCTS = ("tea", "coffee")

views = {"home": 0}
_sales = dict.fromkeys(PRODUCTS, 0)
_sales_lock = threading.Lock()


def count_view(page):
    """Two requests can read the same number, and then one of the two views is lost."""
    seen = views.get(page, 0)
    views[page] = seen + 1  # FGL101


def count_sale(sku):
    """The twin: one lock from the read to the write, and the number is returned from inside."""
    with _sales_lock:
        _sales[sku] = _sales[sku] + 1
        return _sales[sku]


def sold_so_far():
    with _sales_lock:
        return sum(_sales.values())
