"""What frames a lesson: first and last cell, sessions, typed values, progress, readable errors.

In here goes what the lessons need and a program at work does not. Not in here: ArmoniK's own calls
that a lesson is about, forms, and exercises.
"""
