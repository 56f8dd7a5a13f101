"""The deployables that own data: one folder, one process, one database each."""
