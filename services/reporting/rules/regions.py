"""What a place lies in on a day, as reports need it: also of places that the gazetteer lacks."""

from shared.codes import places


def places_within(place_id: str | None, on: str | None = None) -> list[str]:
    """The place and all it lies in on that day, the country first; of one that the gazetteer lacks
    itself alone."""
    if place_id is None:
        return []
    if not places.exists(place_id):
        return [place_id]
    return [each.id for each in reversed(places.ancestors(place_id, on))]


def region(place_id: str | None, on: str | None = None) -> str | None:
    """The first-level unit a place is or lies in on that day, None for a country or no place."""
    if place_id is None or not places.exists(place_id):
        return None
    return places.admin1(place_id, on)


def home(place_id: str | None) -> str | None:
    """As much of a place as its region follows from on any day: the region, or what lies in it and
    came to lie in another."""
    if place_id is None or not places.exists(place_id):
        return None
    moving = [each.id for each in places.ancestors(place_id) if each.id in places.moved()]
    return moving[-1] if moving else places.admin1(place_id)
