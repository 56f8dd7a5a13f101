"""The audit: follows everything accepted from where it is stored to where it was to arrive.

One room per stage (records, attendance, bus, projections, feed, deliveries): each compares what a
stage has with what the stage before it has, so that a loss is named where it happened. Reading is
in `reading`, the order of the stages in `run`; what compares is pure.
"""
