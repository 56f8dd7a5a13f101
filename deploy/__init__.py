"""Owns how the hub is brought to run: on one machine (`local`), in containers, in a cluster."""
