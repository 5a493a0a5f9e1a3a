"""From what people paste to a channel: address, TLS files, deadlines, and why nobody answers.

In here goes what stands between a learner and the first call, and what a failed call means. Not in
here: what the calls are about (sessions, results), anything that draws, and the embedded ArmoniK.
"""
