// The same work as the other contenders', with nothing between it and the kernel. Prints nanoseconds for one.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

// Two ends on one edge-triggered epoll instance: each answers what it gets.
static void roundtrip(int count) {
  int ends[2], epoll = epoll_create1(EPOLL_CLOEXEC);
  char bytes[64] = {0};
  struct iovec iov = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
  for (int i = 0; i < 2; i++) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = ends[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[i], &event);
  }
  sendmsg(ends[0], &message, MSG_NOSIGNAL);
  for (int received = 0; received < 2 * count;) {
    struct epoll_event events[8];
    int ready = epoll_wait(epoll, events, 8, -1);
    for (int i = 0; i < ready; i++) {
      if (!(events[i].events & EPOLLIN)) continue;
      while (recvmsg(events[i].data.fd, &message, MSG_DONTWAIT) > 0) {
        received++;
        sendmsg(events[i].data.fd, &message, MSG_NOSIGNAL);
      }
    }
  }
  close(ends[0]);
  close(ends[1]);
  close(epoll);
}

static void pass(int count) {
  int ends[2], file = open("/dev/null", O_RDONLY);
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  for (int i = 0; i < count; i++) {
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
  close(ends[0]);
  close(ends[1]);
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
  } tasks[] = {{"roundtrip", roundtrip, 30000}, {"pass", pass, 30000}, {"decode", decode, 5000000}, {"encode", encode, 5000000}};
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
    if (argc < 2 || strcmp(argv[1], tasks[i].name) != 0) continue;
    tasks[i].run(tasks[i].count / 10);
    double start = now();
    tasks[i].run(tasks[i].count);
    printf("%f\n", (now() - start) / tasks[i].count);
    return 0;
  }
  return 2;
}
