"""A background thread that writes receipts while requests read them."""

import queue
import threading
from collections import OrderedDict

KEPT = 100

jobs = queue.Queue()
_receipts = OrderedDict()
_orders = OrderedDict()
_orders_lock = threading.Lock()


def work():
    while True:
        order = jobs.get()
        _receipts[order] = f"receipt for order {order}"
        while len(_receipts) > KEPT:
            _receipts.popitem(last=False)
        with _orders_lock:
            _orders[order] = "done"
            while len(_orders) > KEPT:
                _orders.popitem(last=False)


def start():
    threading.Thread(target=work, daemon=True).start()


def all_receipts():
    """RuntimeError as soon as the thread adds one meanwhile."""
    return [text.title() for text in _receipts.values()]  # FGL103


def all_orders():
    """The twin: a copy, made under the lock that the thread holds to write."""
    with _orders_lock:
        return list(_orders)
