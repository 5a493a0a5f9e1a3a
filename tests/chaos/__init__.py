"""Chaos: work with subtasks and dependencies, while workers and the embedded ArmoniK are killed.

python -m tests.chaos [--seed N] [--kills N] [--roots N]     a run of its own, as long as wanted
CHAOS_SEED=N pytest tests/chaos                              the short run of the tests, once more
CHAOS_SEED=N pytest tests/chaos -m slow                      their long one
"""
