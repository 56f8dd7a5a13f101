"""Reporting: the four figures and what else the programme wants to know, from events alone.

Owns: sets of people by what is known of them, sheets of sessions, small projections of
    projects, activities, concerns, nominations and places; all of it can be rebuilt from the event
    logs.
Answers: report, coverage, gaps, concerns, outputs.
Emits: nothing.
Listens: participant, nomination, project, activity, concern, place, attendance.
"""
