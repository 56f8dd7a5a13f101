"""participants: who the people are, and nobody else's business.

Owns      people and nominations (database `participants`), the keys they are sealed with (database
          `participants_keys`), and `proofs` that these open them. Every personal fact of the hub
          lies here, encrypted.
Answers   push (people, or nominations), withdraw and reinstate (people), get_many, list, vouch,
          merge and separate (people who are one), invite, withdraw_guests and guests (ids by which
          other chapters enter people), crossings (who may be in two chapters), possible_duplicates,
          and of those who are none decide_distinct, take_back_distinct, distinct.
Emits     participant.registered|corrected|withdrawn|reinstated|merged|separated and
          nomination.proposed|decided|withdrawn: ids and what people are counted by, no person;
          standing.changed: who does not count, or no longer under their own id.
Listens   to nothing.
"""
