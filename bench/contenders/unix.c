// Does the same work as the other contenders, with bare system calls. Prints the nanoseconds for one operation.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

enum { PAIRS = 4, BUFFERS = 16 };

static void answer(int socket, struct msghdr *message) {
  while (recvmsg(socket, message, MSG_DONTWAIT) > 0) sendmsg(socket, message, MSG_NOSIGNAL);
}

static int watch(int epoll, int socket) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = socket};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

// Round trips over pairs of sockets in turn, both ends on one edge-triggered epoll instance.
static void roundtrip(int count) {
  int pairs[PAIRS][2], epoll = epoll_create1(EPOLL_CLOEXEC);
  char bytes[64] = {0};
  struct iovec iov = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  for (int i = 0; i < PAIRS; i++) {
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pairs[i]);
    for (int end = 0; end < 2; end++) watch(epoll, pairs[i][end]);
  }
  for (int done = 0; done < count;) {
    int left = pairs[done % PAIRS][0];
    sendmsg(left, &message, MSG_NOSIGNAL);
    for (int answered = 0; !answered;) {
      struct epoll_event events[8];
      int ready = epoll_wait(epoll, events, 8, -1);
      for (int i = 0; i < ready; i++) {
        if (!(events[i].events & EPOLLIN)) continue;
        if (events[i].data.fd != left) answer(events[i].data.fd, &message);
        else while (recvmsg(left, &message, MSG_DONTWAIT) > 0) answered = 1;
      }
    }
    done++;
  }
  for (int i = 0; i < PAIRS; i++) close(pairs[i][0]), close(pairs[i][1]);
  close(epoll);
}

static double processor_time(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

// Round trips between two processes, each with an epoll instance.
static double processes_cpu;
static void processes(int count) {
  int ends[2];
  char bytes[64] = {0};
  struct iovec iov = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  double before = processor_time(RUSAGE_SELF) + processor_time(RUSAGE_CHILDREN);
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
  int child = fork() == 0;
  int mine = ends[child], epoll = epoll_create1(EPOLL_CLOEXEC);
  close(ends[!child]);
  watch(epoll, mine);
  if (!child) sendmsg(mine, &message, MSG_NOSIGNAL);
  for (int done = 0; done < count;) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, -1) < 1 || !(event.events & EPOLLIN)) continue;
    while (recvmsg(mine, &message, MSG_DONTWAIT) > 0) {
      if (++done < count || child) sendmsg(mine, &message, MSG_NOSIGNAL);
    }
  }
  if (child) _exit(0);
  wait(NULL);
  close(mine);
  close(epoll);
  processes_cpu = (processor_time(RUSAGE_SELF) + processor_time(RUSAGE_CHILDREN) - before) / count;
}

static void datagram(int count) {
  int pairs[PAIRS][2];
  static char sent[BUFFERS][64], received[BUFFERS][64];
  for (int i = 0; i < PAIRS; i++) socketpair(AF_UNIX, SOCK_DGRAM, 0, pairs[i]);
  for (int i = 0; i < count; i++) {
    struct iovec out = {sent[i % BUFFERS], 64}, in = {received[i % BUFFERS], 64};
    struct msghdr message = {.msg_iov = &out, .msg_iovlen = 1}, answer = {.msg_iov = &in, .msg_iovlen = 1};
    sendmsg(pairs[i % PAIRS][0], &message, 0);
    recvmsg(pairs[i % PAIRS][1], &answer, 0);
  }
  for (int i = 0; i < PAIRS; i++) close(pairs[i][0]), close(pairs[i][1]);
}

// Datagrams over loopback, one at a time. The receiver of one makes the next socket send to its partner.
static void udp(int count, int connected) {
  int sockets[PAIRS], epoll = epoll_create1(EPOLL_CLOEXEC);
  struct sockaddr_in names[PAIRS];
  static char sent[BUFFERS][1200], received[65536];
  for (int i = 0; i < PAIRS; i++) {
    sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    names[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bind(sockets[i], (struct sockaddr *)&names[i], sizeof names[i]);
    getsockname(sockets[i], (struct sockaddr *)&names[i], &(socklen_t){sizeof names[i]});
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = i};
    epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event);
  }
  for (int i = 0; connected && i < PAIRS; i++)
    connect(sockets[i], (struct sockaddr *)&names[i ^ 1], sizeof *names);
  for (int done = 0; done < count; done++) {
    int at = done % PAIRS, to = at ^ 1;
    struct iovec out = {sent[done % BUFFERS], 1200}, in = {received, sizeof received};
    struct msghdr message = {.msg_iov = &out, .msg_iovlen = 1};
    if (!connected) message.msg_name = &names[to], message.msg_namelen = sizeof names[to];
    sendmsg(sockets[at], &message, MSG_NOSIGNAL);
    struct epoll_event event;
    while (epoll_wait(epoll, &event, 1, -1) < 1) {}
    struct sockaddr_in from;
    struct msghdr answer = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &in, .msg_iovlen = 1};
    while (recvmsg(sockets[event.data.u32], &answer, MSG_DONTWAIT) > 0) {}
  }
  for (int i = 0; i < PAIRS; i++) close(sockets[i]);
  close(epoll);
}
static void udp_addressed(int count) { udp(count, 0); }
static void udp_connected(int count) { udp(count, 1); }

static void descriptor(int count) {
  int pairs[PAIRS][2], file = open("/dev/null", O_RDONLY);
  for (int i = 0; i < PAIRS; i++) socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]);
  for (int i = 0; i < count; i++) {
    int *ends = pairs[i % PAIRS];
    char byte = 'x';
    union {
      char space[CMSG_SPACE(sizeof(int))];
      struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    struct cmsghdr *item = CMSG_FIRSTHDR(&message);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(item), &file, sizeof file);
    sendmsg(ends[0], &message, MSG_NOSIGNAL);
    message.msg_controllen = sizeof control.space;
    recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC);
    int received;
    memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof received);
    close(received);
  }
  for (int i = 0; i < PAIRS; i++) close(pairs[i][0]), close(pairs[i][1]);
  close(file);
}

// Control data with credentials and descriptors, as a Unix socket delivers them.
union received {
  char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
  struct cmsghdr align;
};

static volatile int sink;

__attribute__((noinline)) static void walk(struct msghdr *message, struct ucred *credentials, int *fd) {
  for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item)) {
    if (item->cmsg_level != SOL_SOCKET) continue;
    if (item->cmsg_type == SCM_CREDENTIALS) memcpy(credentials, CMSG_DATA(item), sizeof *credentials);
    if (item->cmsg_type == SCM_RIGHTS) memcpy(fd, CMSG_DATA(item), sizeof *fd);
  }
}

__attribute__((noinline)) static void build(struct msghdr *message, int fd) {
  struct cmsghdr *item = CMSG_FIRSTHDR(message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(item), &fd, sizeof fd);
}

static void decode(int count) {
  union received control = {{0}};
  struct msghdr message = {.msg_control = control.space, .msg_controllen = sizeof control.space};
  struct cmsghdr *item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_CREDENTIALS;
  item->cmsg_len = CMSG_LEN(sizeof(struct ucred));
  item = CMSG_NXTHDR(&message, item);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(sizeof(int));
  for (int i = 0; i < count; i++) {
    struct ucred credentials = {0};
    int fd = 0;
    walk(&message, &credentials, &fd);
    sink = credentials.pid + fd;
  }
}

static void encode(int count) {
  for (int i = 0; i < count; i++) {
    union received control = {{0}};
    struct msghdr message = {.msg_control = control.space, .msg_controllen = sizeof control.space};
    build(&message, i);
    sink = control.space[16];
  }
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(int count);
    int count;
  } tasks[] = {
      {"roundtrip", roundtrip, 30000},         {"processes", processes, 30000},         {"datagram", datagram, 200000},
      {"udp-addressed", udp_addressed, 30000}, {"udp-connected", udp_connected, 30000}, {"descriptor", descriptor, 100000},
      {"decode", decode, 5000000},             {"encode", encode, 5000000},
  };
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
    if (argc < 2 || strcmp(argv[1], tasks[i].name) != 0) continue;
    tasks[i].run(tasks[i].count / 10);
    double start = now();
    tasks[i].run(tasks[i].count);
    printf("%f", (now() - start) / tasks[i].count);
    if (processes_cpu > 0) printf(" %f", processes_cpu);
    putchar('\n');
    return 0;
  }
  return 2;
}
