"""notifications: what happened, for partners. Figures and coarse places, nobody's data.

Owns: database `notifications`: `feed` (one gap-free, commit-ordered cursor), `subjects` (the last
    sequence applied per subject), `endpoints`, `owners`, `attempts`, `resends`.
Answers (RPC `notifications`): feed, create_endpoint, update_endpoint, delete_endpoint,
    revoke_owners, rotate_secret, list_endpoints, attempts, resend.
Emits: no internal event; signed webhooks (Standard Webhooks v1) to the partners' endpoints.
Listens: activity.*, project.*, attendance.*, concern.*; never participant.*.
"""
