"""child.py IN OUT FILE: see child.mjs."""
import os
import socket
import sys

inside, outside, file = sys.argv[1:]
peer = socket.socket(fileno=int(inside))
answers = peer if inside == outside else socket.socket(fileno=int(outside))
while True:
    data, fds, _, _ = socket.recv_fds(peer, 100, 1)
    if not data:
        sys.exit(3)
    if data == b"leave":
        sys.exit(0)
    said = os.pread(fds[0], 100, 0)
    os.close(fds[0])
    with open(file) as opened:
        socket.send_fds(answers, [b"read: " + said], [opened.fileno()])
