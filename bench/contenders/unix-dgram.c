// The other side of the connection in bench/unix-dgram.mjs. It is the same program for both packages, and faster than both.
//
//   server PATH [RATE]  receives, at most RATE messages a second, until SIGTERM. Then it receives what is left, and prints how many
//                       messages and how many colons there were. A metric of StatsD has one colon.
//   gate PATH           after each byte on its input, receives what there is, and prints how many messages it was
//   client PATH COUNT   after a byte on its input, sends COUNT messages of 100 bytes, as fast as the receiver takes them
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 100 };

static volatile sig_atomic_t is_ended;
static char bytes[65536];
static long messages, colons;

static void end(int signal) {
  (void)signal;
  is_ended = 1;
}

static int fail(const char *call) {
  perror(call);
  exit(1);
}

static int receive(int socket, int flags) {
  ssize_t length = recv(socket, bytes, sizeof bytes, flags);
  if (length < 0) {
    if (errno != EAGAIN && errno != EINTR) fail("recv");
    return 0;
  }
  messages++;
  for (char *at = bytes; (at = memchr(at, ':', bytes + length - at)) != NULL; at++) colons++;
  return 1;
}

static void ready(void) {
  puts("ready");
  fflush(stdout);
}

static void server(int socket, long rate) {
  // A signal that comes just before recv() does not interrupt it. So recv() does not wait for ever.
  struct timeval most = {.tv_usec = 20000};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  ready();
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  while (!is_ended) {
    if (!receive(socket, 0) || rate == 0) continue;
    next.tv_nsec += 1000000000 / rate;
    if (next.tv_nsec >= 1000000000) next.tv_sec++, next.tv_nsec -= 1000000000;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    // What was not received in time is not caught up on.
    if (now.tv_sec > next.tv_sec || (now.tv_sec == next.tv_sec && now.tv_nsec > next.tv_nsec)) next = now;
    else clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  while (receive(socket, MSG_DONTWAIT)) continue;
  printf("%ld %ld\n", messages, colons);
}

static void gate(int socket) {
  char byte;
  ready();
  while (read(STDIN_FILENO, &byte, 1) == 1) {
    messages = 0;
    while (receive(socket, MSG_DONTWAIT)) continue;
    printf("%ld\n", messages);
    fflush(stdout);
  }
}

static void client(int socket, long count) {
  char byte;
  ready();
  if (read(STDIN_FILENO, &byte, 1) != 1) return;
  for (long i = 0; i < count; i++)
    if (send(socket, bytes, SIZE, MSG_NOSIGNAL) != SIZE) fail("send");
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  const char *task = arguments[1];
  long number = count > 3 ? atol(arguments[3]) : 0;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, arguments[2], sizeof address.sun_path - 1);
  int is_client = strcmp(task, "client") == 0;
  int one = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (one < 0) fail("socket");
  if ((is_client ? connect : bind)(one, (struct sockaddr *)&address, sizeof address)) fail(is_client ? "connect" : "bind");
  if (is_client) client(one, number);
  else if (strcmp(task, "gate") == 0) gate(one);
  else server(one, number);
}
