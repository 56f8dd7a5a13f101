"""The programme "Using the EMMMDA as a tool for conflict prevention" in the Sikasso region, Mali.

`data/` holds it as files (data/README.md says what is true and what is invented); `python -m
demo.sikasso` pushes it through the public GraphQL endpoint and shows what became of it.
"""
