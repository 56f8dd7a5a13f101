"""Backups of the databases: what their files look like, how they are taken and put back.

One room per step: `format` one database's file, `manifest` the folder, `catalogue` what collections
there are, `taking` and `putting` the two ways, `positions` what a restore does to partners'
positions in the feed, `keys` lost data keys alone, `republishing` what consumers never got,
`broker` what must be forgotten. `backup` and `restoring` are what an operator asks for as a whole.
"""
