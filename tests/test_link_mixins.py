"""What a mixin uses and only its users have is no state of the mixin; what somebody gives it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

MIXIN = """
class Finds(object):
    @classmethod
    def named(cls, name):
        return cls.rows.filter_by(name=name).first()

    @classmethod
    def all(cls):
        return [row for row in cls.rows]%s
%s
@app.post("/<name>")
def rename(name):
    found = Finds.named(name)
    found.update(seen=found.seen + 1)
    Finds.rows[name] = found
    Finds.rows.pop("old", None)
    return str(len(Finds.all()))
"""

USER = """
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy(app)

class Row(Finds, db.Model):
    name = db.Column(db.String)
"""
LOOP = "  # want: FGL103"

CASES = [
    case("an attribute that only its users have", MIXIN % ("", USER)),
    case("an attribute of its own", MIXIN.replace("(object):", "(object):\n    rows = {}") % (LOOP, USER)),
    case("an attribute that a module gives it", MIXIN % (LOOP, USER + "\nFinds.rows = {}\n")),
    case("no users with a library's class", MIXIN % (LOOP, "class Row(Finds):\n    pass\n")),
]


@pytest.mark.parametrize("files", CASES)
def test_mixins(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
