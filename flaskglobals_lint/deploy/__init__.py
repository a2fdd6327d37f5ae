"""What a project's own files say about how it is run: commands, servers' configuration files, manifests.

Files are read as text, never run. ``files`` finds them, one module for each family of formats makes ``Unit``s of them
(``formats``, ``images``, ``manifests``), ``reader`` follows their commands to the servers and their settings.
"""
