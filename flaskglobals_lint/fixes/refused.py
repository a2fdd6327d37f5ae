"""Why there is no edit."""


class Refused(Exception):
    """A remedy does not fit this code; the message says why, as the end of a sentence."""
