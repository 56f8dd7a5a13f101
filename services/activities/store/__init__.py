"""Owns the database `activities` (`services.activities.layout`): each collection has its file, and
the use cases decide what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo.database import Database

from services.activities import layout
from services.activities.definitions import ACTIVITY, DEFINITIONS, PLACE, RecordDefinition
from services.activities.store.lines import Lines
from services.activities.store.places import Places
from services.activities.store.records import Activities, Records
from services.activities.store.sheets import Sheets
from services.activities.store.standings import Standings
from services.activities.store.steps import Steps
from shared.layout import VERSIONS
from shared.records.keys import Reference
from shared.records.pushes import Record, Write
from shared.records.versions import VersionCollection
from shared.store.mongo import Store, Tx
from shared.types import Document


class ActivityStore(Store):
    """Reads and writes in bulk."""

    def __init__(self, db: Database[Document]) -> None:
        super().__init__(db)
        self.activities = Activities(db, ACTIVITY)
        self.records: Mapping[str, Records] = {
            each.name: Records(db, each) for each in DEFINITIONS.values()
        } | {ACTIVITY.name: self.activities}
        self.versions: Mapping[str, VersionCollection[Record]] = {
            name: VersionCollection(db[VERSIONS], records) for name, records in self.records.items()
        }
        self.places = Places(db[PLACE.collection])
        self.sheets = Sheets(db[layout.SHEETS])
        self.lines = Lines(db)
        self.standings = Standings(db[layout.STANDINGS])
        self.steps = Steps(self.outbox, db[layout.REASONS])

    def ensure_indexes(self) -> None:
        super().ensure_indexes()
        names = [each.collection for each in DEFINITIONS.values()]
        others = (layout.SHEETS, layout.ATTENDANCE, layout.LINE_VERSIONS, layout.REASONS, VERSIONS)
        self.create_collections(*names, *others, layout.STANDINGS)
        for records in self.records.values():
            records.ensure_indexes()
        self.places.ensure_indexes()
        self.lines.ensure_indexes()
        self.standings.ensure_indexes()

    def references(self, tx: Tx, definition: RecordDefinition) -> list[Reference]:
        """The fields by which records of the type refer to others."""
        return [
            Reference(name, target, self.records[target].find(tx))
            for name, target in definition.references.items()
        ]

    def save(self, tx: Tx, definition: RecordDefinition, writes: Sequence[Write]) -> None:
        """Store the records' last states, what these were before, and the reasons given."""
        self.records[definition.name].save(tx, writes)
        self.versions[definition.name].keep(tx, (write.before for write in writes))
        reasons = {
            f"{write.after.id}:{write.after.version}": (write.reason, write.restored)
            for write in writes
            if write.reason
        }
        self.steps.give_reasons(tx, reasons)
