"""The hash that everything kept is known by.

``hashlib`` loads OpenSSL, which a run that has all its answers would spend a good part of its time and memory on.
"""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # another interpreter
    from hashlib import blake2b

__all__ = ["blake2b"]
