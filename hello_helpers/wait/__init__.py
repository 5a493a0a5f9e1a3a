"""Waiting for what ArmoniK does: following its events, ending a wait, and telling why none came.

In here goes what happens between a submission and its result. Not in here: anything that draws, and
the steps that submit.
"""
