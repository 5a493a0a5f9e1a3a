"""The commands of ``hello-armonik``, one module each, found by `hello_helpers.__main__`.

In here goes what a command asks for, does and prints. Not in here: what a lesson can use as well,
which is `course`'s, and the embedded ArmoniK itself; only serve, status and stop know it.
"""
