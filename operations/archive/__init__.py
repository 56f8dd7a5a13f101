"""Backups of the databases: what their files look like, how they are taken and put back.

One room per step: `format` one database's file, `manifest` the folder, `catalogue` what collections
there are, `taking` and `putting` the two ways, `feed` what a restore does to partners' positions,
`republishing` what consumers never got, `broker` what must be forgotten, `server` the connection.
"""
