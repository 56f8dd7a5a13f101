"""Importing this makes the process green: waiting in the standard library lets others run.

Effects: eventlet replaces `socket`, `threading`, `time` and their like by its own. It must be the
first import of a process, before any that binds their names; `run` refuses to start without it.
"""

import eventlet

eventlet.monkey_patch()
