"""activities: what chapters do, who carried it out, where, and who was in the room.

Owns      projects, organisations, activities with their sessions, attendance sheets, concerns,
          places that the gazetteer lacks (database `activities`). All free text stays here.
Answers   push, withdraw and reinstate (of the record type that the request names), in batches;
          record_attendance and move_attendance; get_many, list, attendance, sheets, sessions_of,
          changes; find_places, same_places.
Emits     activity.* project.* organisation.* concern.* place.* (recorded, corrected, withdrawn,
          reinstated: the whole public state), attendance.recorded and attendance.corrected (what
          changed on one session's sheet). See shared/contracts/activities.py.
Listens   to standing: who counts on its sheets. It trusts the gateway to have verified
          participants.
"""
