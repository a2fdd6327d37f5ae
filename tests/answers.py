"""``python answers.py FOLDER MODULE``: what each route of an application answers, twice in turn, as JSON.

MODULE makes the app as ``app`` or by ``create_app()``. Numbers of many digits, addresses and tokens are left out.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import re
import sys
from typing import Any

VALUES = {"name": "ann", "user": "ann", "email": "ann", "id": "5", "n": "1", "amount": "5", "key": "k", "word": "w"}
_CHANGING = re.compile(r"\d{5,}[.\d]*|0x\w+|[\w-]{20,}|\d\d:\d\d:\d\d")


def answers(app: Any) -> list[list[object]]:
    """Method, path, status and text of each answer, or what its view raises."""
    app.testing = True
    client = app.test_client()
    found: list[list[object]] = []
    for rule in [*app.url_map.iter_rules()] * 2:
        path = re.sub(r"<[^>]*>", "7", rule.rule)
        if rule.endpoint == "static":
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            try:
                form = None if method == "GET" else VALUES
                response = client.open(path, method=method, query_string=VALUES, data=form, buffered=True)
                answer: list[object] = [response.status_code, _CHANGING.sub("", response.get_data(as_text=True))]
            except Exception as error:  # what a view raises is its answer, too
                answer = [_CHANGING.sub("", repr(error))]
            found.append([method, path, *answer])
    return found


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    os.chdir(sys.argv[1])
    logging.disable()
    module = importlib.import_module(sys.argv[2])
    application = getattr(module, "app", None) or getattr(module, "application", None)
    if application is None:
        application = module.create_app() if hasattr(module, "create_app") else module.make_app()
    sys.stdout.write(json.dumps(answers(application)))
    sys.stdout.flush()
    os._exit(0)  # whatever threads the application has started
