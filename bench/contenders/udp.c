// Sends and receives UDP datagrams over the loopback interface in batches and with segmentation offload, as a C program would: it
// builds the structures once, and resets only what the kernel has changed. Prints the nanoseconds for one datagram:
// the elapsed time, and the processor time.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { SIZE = 1200, BUFFERS = 16, LONG = 4, ROOM = 2048, MOST = 256, SEGMENTS = 48, RECEIVE_BUFFER = 1 << 20 };

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

// A bound receiver, and a sender that is connected to it.
static int receiver, sender;
static void open_sockets(void) {
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof name;
  int room = RECEIVE_BUFFER;
  receiver = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  sender = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  check(bind(receiver, (struct sockaddr *)&name, length) == 0, "bind");
  getsockname(receiver, (struct sockaddr *)&name, &length);
  check(connect(sender, (struct sockaddr *)&name, length) == 0, "connect");
  // The default has room for 92 datagrams of this size. Only a privileged process may exceed the sysctl net.core.rmem_max.
  if (setsockopt(receiver, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
    check(setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0, "SO_RCVBUF");
}

static char payload[BUFFERS][SIZE];

static void batches(int count, int slots) {
  static char memory[MOST][ROOM];
  static struct iovec out[MOST], in[MOST];
  static struct mmsghdr sent[MOST], received[MOST];
  static struct sockaddr_in names[MOST];
  for (int i = 0; i < slots; i++) {
    out[i].iov_len = SIZE;
    in[i] = (struct iovec){memory[i], ROOM};
    sent[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
    received[i].msg_hdr =
        (struct msghdr){.msg_name = &names[i], .msg_namelen = sizeof *names, .msg_iov = &in[i], .msg_iovlen = 1};
  }
  for (int done = 0; done < count; done += slots) {
    for (int i = 0; i < slots; i++) out[i].iov_base = payload[(done + i) % BUFFERS];
    check(sendmmsg(sender, sent, slots, MSG_NOSIGNAL) == slots, "sendmmsg");
    for (int left = slots; left > 0;) {
      int messages = recvmmsg(receiver, received, left, MSG_DONTWAIT, NULL);
      check(messages > 0, "recvmmsg");
      for (int i = 0; i < messages; i++) {
        check(received[i].msg_len == SIZE, "length");
        received[i].msg_hdr.msg_namelen = sizeof *names;
      }
      left -= messages;
    }
  }
}

// One system call sends all segments, and one receives them.
static void offload(int count, int unused) {
  (void)unused;
  static char out[LONG][SEGMENTS * SIZE], in[65536];
  int on = 1;
  check(setsockopt(receiver, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0, "UDP_GRO");
  union {
    char space[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
  } control = {{0}};
  struct iovec to = {out[0], sizeof out[0]};
  struct msghdr sent = {
      .msg_iov = &to, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  struct cmsghdr *item = CMSG_FIRSTHDR(&sent);
  uint16_t size = SIZE;
  item->cmsg_level = IPPROTO_UDP;
  item->cmsg_type = UDP_SEGMENT;
  item->cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(item), &size, sizeof size);
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } facts;
  struct sockaddr_in name;
  struct iovec from = {in, sizeof in};
  struct msghdr received = {.msg_name = &name, .msg_iov = &from, .msg_iovlen = 1, .msg_control = facts.space};
  for (int done = 0; done < count; done += SEGMENTS) {
    to.iov_base = out[done / SEGMENTS % LONG];
    check(sendmsg(sender, &sent, MSG_NOSIGNAL) == sizeof out[0], "sendmsg");
    for (int left = SEGMENTS; left > 0;) {
      received.msg_namelen = sizeof name;
      received.msg_controllen = sizeof facts.space;
      int bytes = recvmsg(receiver, &received, MSG_DONTWAIT), each = bytes;
      check(bytes > 0, "recvmsg");
      for (item = CMSG_FIRSTHDR(&received); item; item = CMSG_NXTHDR(&received, item))
        if (item->cmsg_level == IPPROTO_UDP && item->cmsg_type == UDP_GRO) memcpy(&each, CMSG_DATA(item), sizeof each);
      check(each == SIZE, "segment size");
      for (int at = 0; at < bytes; at += each) left--;
    }
  }
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(int count, int slots);
    int slots, count;
  } tasks[] = {
      {"batch-1", batches, 1, 200000},    {"batch-8", batches, 8, 200000},
      {"batch-64", batches, 64, 320000},  {"batch-256", batches, 256, 320000},
      {"offload", offload, 1, 2400000},
  };
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
    if (argc < 2 || strcmp(argv[1], tasks[i].name) != 0) continue;
    open_sockets();
    tasks[i].run(tasks[i].count / 10, tasks[i].slots);
    double start = now(CLOCK_MONOTONIC), before = now(CLOCK_PROCESS_CPUTIME_ID);
    tasks[i].run(tasks[i].count, tasks[i].slots);
    double elapsed = now(CLOCK_MONOTONIC) - start, used = now(CLOCK_PROCESS_CPUTIME_ID) - before;
    printf("%f %f\n", elapsed / tasks[i].count, used / tasks[i].count);
    return 0;
  }
  return 2;
}
