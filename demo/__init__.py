"""Programmes as data files, and the client that pushes them as a chapter would."""
