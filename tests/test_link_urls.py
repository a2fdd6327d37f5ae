"""What a finding in a class-based view says of how requests get there."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.lint import lint

BODY = """
    def post(self):
        global hits
        hits += 1
        return "ok"
"""


@pytest.mark.parametrize(
    ("definition", "registration", "way"),
    [
        (
            "class Page(MethodView):",
            'app.add_url_rule("/p/<int:n>", view_func=Page.as_view("page"))',
            "POST /p/<int:n>",
        ),
        ("class Page(MethodView):", 'view = Page.as_view("page")\napp.add_url_rule("/p", "page", view)', "POST /p"),
        ("class Page(MethodView):", 'app.add_url_rule(rule="/p", view_func=Page.as_view("page"))', "POST /p"),
        ("class Page(Resource):", 'api.add_resource(Page, "/p", "/q", endpoint="page")', "POST /p"),
        ('@space.route("/p")\nclass Page(Rest):', "", "POST /p"),
        ("class Page(MethodView):", "", "POST Page"),
        ("class Page(MethodView):", 'app.add_url_rule(PATH, view_func=Page.as_view("page"))', "POST Page"),
    ],
)
def test_a_class_is_known_by_its_url(definition: str, registration: str, way: str, tmp_path: Path) -> None:
    head = (
        "from flask import Flask\nfrom flask.views import MethodView\nfrom flask_restful import Api, Resource\n"
        "from flask_restx import Namespace, Resource as Rest\n\n"
        'app = Flask(__name__)\napi = Api(app)\nspace = Namespace("s")\nhits = 0\nPATH = str(__name__)\n\n\n'
    )
    (tmp_path / "app.py").write_text(f"{head}{definition}{BODY}\n\n{registration}\n", encoding="utf-8")
    [finding] = lint([tmp_path], Config(cache=False, jobs=1), cwd=tmp_path).findings
    assert f"in `Page.post` ({way}); " in finding.message
