"""The audit: follows everything accepted from where it is stored to where it was to arrive.

One room per stage (encryption, records, attendance, bus, projections, feed, deliveries): each
compares what a stage has with what the stage before it has, so that a loss is named where it
happened. They are pure: what they compare is in `groups`, read by `streams`; the order of the
stages is in `run`.
"""
