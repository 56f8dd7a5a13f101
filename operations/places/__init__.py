"""Owns the P-codes that operators import: lists are read, matched with the gazetteer, and kept."""
