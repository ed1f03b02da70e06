"""receive-fds.py: receives one descriptor on socket 3 with room for nothing else, and says what came."""
import json
import os
import socket

peer = socket.socket(fileno=3)
peer.setblocking(True)
peer.settimeout(30)
data, fds, flags, _ = socket.recv_fds(peer, 100, 1)
contents = [os.pread(fd, 100, 0).decode() for fd in fds]
print(json.dumps({"data": data.decode(), "contents": contents, "cut": bool(flags & socket.MSG_CTRUNC)}))
