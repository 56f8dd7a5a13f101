"""participants: who the people are, and nobody else's business.

Owns      people and nominations (database `participants`), the keys they are sealed with (database
          `participants_keys`), and `proofs` that these open them. Every personal fact of the hub
          lies here, encrypted.
Answers   register_many, withdraw_many, reinstate_many, get_many, list, vouch, possible_duplicates,
          nominate_many, list_nominations.
Emits     participant.registered|corrected|withdrawn|reinstated and
          nomination.proposed|decided|withdrawn: ids and what people are counted by, no person.
Listens   to nothing.
"""
