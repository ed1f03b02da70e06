import os
import socket
import time

COUNT = 30000
left, right = socket.socketpair()
file = os.open("/dev/null", os.O_RDONLY)
start = time.perf_counter_ns()
for _ in range(COUNT):
    socket.send_fds(left, [b"x"], [file])
    _, fds, _, _ = socket.recv_fds(right, 1, 1)
    os.close(fds[0])
print((time.perf_counter_ns() - start) / COUNT)
