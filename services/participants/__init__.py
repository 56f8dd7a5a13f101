"""participants: who the people are, and nobody else's business.

Owns      people and nominations (database `participants`) and the keys they are sealed with
          (database `participants_keys`). Every personal fact of the hub lies here, encrypted.
Answers   register_many, withdraw_many, reinstate_many, get_many, list, vouch, possible_duplicates,
          nominate_many, list_nominations.
Emits     participant.registered|corrected|withdrawn|reinstated and
          nomination.proposed|decided|withdrawn: ids and what people are counted by, no person.
Listens   to nothing.
"""
