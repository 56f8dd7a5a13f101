"""Renews what the gazetteer has from GeoNames."""
