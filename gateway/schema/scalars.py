"""Owns the scalars of this schema beyond those of GraphQL."""

from graphene.types.generic import GenericScalar


class Data(GenericScalar):
    """Any JSON value. For feed items: figures and codes only; see the contracts in `docs/`."""
