"""People as the release before stored them: sealed with one data key, by MongoDB's encryption."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from bson.codec_options import CodecOptions
from pymongo.encryption import ClientEncryption
from pymongo.encryption_shared import Algorithm

from services.participants.rules.person import facts, name_words
from services.participants.schemas import phone_of
from services.participants.store import ParticipantStore
from services.participants.store.sealed import SealedCollection
from shared.codes.places import spellings
from shared.store import vault

RANDOM = Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random
ALWAYS = Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Deterministic


def as_before(store: ParticipantStore, master_key: bytes) -> None:
    """Rewrite all that is stored into the form of the release before, which knew no other key."""
    keys = vault.of(store.db)
    encryption: ClientEncryption[Mapping[str, Any]] = ClientEncryption(
        {"local": {"key": master_key}}, keys.full_name, store.db.client, CodecOptions()
    )
    try:
        key_id = encryption.create_data_key("local", key_alt_names=["personal"])

        def sealed(value: Any, algorithm: str) -> Any:
            return encryption.encrypt(value, algorithm, key_id=key_id)

        root = sealed("the root of blind indexes", ALWAYS)
        blind_key = hmac.digest(root, b"blind", hashlib.sha256)

        def blind(kind: str, text: str) -> bytes:
            return hmac.digest(blind_key, f"{kind}\0{text}".encode(), hashlib.sha256)[:12]

        def rewrite(collection: SealedCollection, marks: Any) -> None:
            documents = list(collection.collection.find())
            for document, record in zip(documents, collection.decode_all(documents), strict=True):
                secret = {
                    name: value
                    for name, value in record.content.items()
                    if name not in document["content"]
                }
                old = {**document, "sealed": sealed(secret, RANDOM), **marks(record)}
                del old["form"]
                collection.collection.replace_one({"_id": record.id}, old)

        def of_person(record: Any) -> dict[str, Any]:
            content = record.content
            phone, email = phone_of(content, record.chapter), content.get("email")
            words = name_words(content.get("given_name"), content.get("family_name"))
            found_by = {
                "phone": phone and sealed(phone, ALWAYS),
                "email": email and sealed(email, ALWAYS),
                "names": [blind("name", word) for word in sorted(words)],
                "alike": [
                    {"by": by, "mark": blind(by, f"{record.chapter}|{shared}")}
                    for by, shared in _likenesses(content, phone)
                ],
            }
            return {name: value for name, value in found_by.items() if value}

        rewrite(store.people, of_person)
        rewrite(store.nominations, lambda _: {})
    finally:
        encryption.close()
    keys.delete_many({"keyAltNames": "root"})
    vault.person_keys(keys).delete_many({})


def _likenesses(content: Mapping[str, Any], phone: str | None) -> Iterator[tuple[str, str]]:
    """What that release compared: the exact words of a name."""
    if phone:
        yield "same_phone", phone
    if email := content.get("email"):
        yield "same_email", email
    name = " ".join(sorted(name_words(content.get("given_name"), content.get("family_name"))))
    if place := content.get("place"):
        yield "same_name_and_place", f"{name}|{spellings(place)[-1]}"
    if year := facts(content)["birth_year"]:
        yield "same_name_and_birth_year", f"{name}|{year}"
        yield "same_name_and_birth_year", f"{name}|{year + 1}"
