"""``python -m flaskglobals_lint``, and where the script starts."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command and return its exit status, also if it is interrupted before all of it is imported."""
    gc.disable()  # no part of a module that is being imported is garbage
    try:
        from flaskglobals_lint import cli
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("flaskglobals-lint: interrupted\n")
        return 130
    finally:
        gc.enable()
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
