"""The pages. They hold no state of their own; whether they are safe is decided in the modules they call."""

from flask import Blueprint, abort

from shop import audit, counters, orders, prices, worker

bp = Blueprint("shop", __name__)


@bp.get("/")
def home():
    counters.count_view("home")
    return {"views": counters.views["home"], "sold": counters.sold_so_far()}


@bp.post("/buy/<sku>")
def buy(sku):
    if sku not in counters.PRODUCTS:
        abort(404)
    order = orders.add(sku, prices.book().price(sku))
    audit.note(f"sold {sku}")
    worker.jobs.put(order)
    return {"order": order, "sold": counters.count_sale(sku)}


@bp.post("/price/<sku>/<int:cents>")
def change_price(sku, cents):
    if sku not in counters.PRODUCTS:
        abort(404)
    prices.draft().change(sku, cents)
    prices.book().change(sku, cents)
    return {"price": prices.book().price(sku)}


@bp.get("/receipts")
def receipts():
    return {"receipts": worker.all_receipts(), "orders": worker.all_orders()}
