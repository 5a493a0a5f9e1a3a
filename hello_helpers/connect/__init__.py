"""From what people paste to a channel: address, TLS files, deadlines, and why nobody answers.

    variables.py    the environment variables that say where ArmoniK is
    address.py      reading an address; tls_files.py reads the files that belong to it
    endpoint.py     `Endpoint`, which finds or is given an address; starting.py knows who starts one
    class_file.py   a file that says all of this, for one of a class
    channel.py      the channel; deadline.py gives it other deadlines
    origin.py       which embedded ArmoniK has answered, and whether it has ended
    probe.py        why nobody answers, layer by layer; handshake.py looks below gRPC
    grpc_errors.py  a refused call becomes a sentence
    pages.py        a long list, in pages that fit into a message

In here goes what stands between a learner and the first call, and what a failed call means. Not in
here: what the calls are about (sessions, results), anything that draws, and the embedded ArmoniK.
"""
