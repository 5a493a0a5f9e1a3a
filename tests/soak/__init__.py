"""A soak: a class at work for as long as wanted, one of it careless, while processes are killed.

python -m tests.soak [--minutes N] [--learners N] [--seed N] …       a run of its own, with a table
python -m tests.soak --rehearsal                                     a class does lessons 00 to 05
SOAK_SEED=N pytest tests/soak                                        the short run of the tests
SOAK_SEED=N pytest tests/soak -m slow                                their long one

    harness.py    puts all together, from start to end; gauge.py measures
    learners.py   the polite ones and their teacher; careless.py is a program of its own
    chaos.py      work with subtasks that goes on while killer.py kills; job.py plans it
    ledger.py     what was acknowledged, and whether it is in the data folder
    rehearsal.py  a class with certificates, which only learns
    audit.py      whether what is there makes sense, whoever asked for it
"""
