import os
import socket
import sys
import time

PAIRS = 4


def datagram(count, pairs, payloads):
    for i in range(count):
        left, right = pairs[i % PAIRS]
        left.sendmsg([payloads[i % 16]])
        data, _, _, _ = right.recvmsg(64)
        assert len(data) == 64


def descriptor(count, pairs, file):
    for i in range(count):
        left, right = pairs[i % PAIRS]
        socket.send_fds(left, [b"x"], [file])
        _, fds, _, _ = socket.recv_fds(right, 1, 1)
        os.close(fds[0])


def timed(count, work, *args):
    work(count // 10, *args)
    start = time.perf_counter_ns()
    work(count, *args)
    return (time.perf_counter_ns() - start) / count


if sys.argv[1] == "datagram":
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(PAIRS)]
    print(timed(100_000, datagram, pairs, [bytes(64) for _ in range(16)]))
else:
    pairs = [socket.socketpair() for _ in range(PAIRS)]
    print(timed(30_000, descriptor, pairs, os.open("/dev/null", os.O_RDONLY)))
