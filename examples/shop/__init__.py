"""A small shop with the commonest races of Flask applications, and beside each its safe twin.

Run it in the folder above with ``flask --app shop run``, lint it with ``flaskglobals-lint examples/``. A line on which a
finding stands ends in a comment with its code.
"""

from flask import Flask

from shop import orders, worker
from shop.views import bp


def create_app(database: str = "shop.sqlite3") -> Flask:
    """The application. What runs here runs before the first request, so it can race with nothing."""
    app = Flask(__name__)
    app.config["DATABASE"] = database
    app.register_blueprint(bp)
    app.teardown_appcontext(orders.close)
    with app.app_context():
        orders.create_tables()
    worker.start()
    return app
