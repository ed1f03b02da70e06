#include "tickets.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

struct Entry {
  int64_t ticket;  // 0: free
  int fd;
  Custody::Opener opener;
  uint32_t uid;  // whose peer has brought it
};

// Well within what a double can say exactly.
constexpr int64_t kMaxTicket = (int64_t{1} << 48) - 1;

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
Entry* entries = nullptr;
size_t capacity = 0;

Entry* Find(int64_t ticket) {
  for (size_t i = 0; i < capacity; i++) {
    if (entries[i].ticket == ticket) return &entries[i];
  }
  return nullptr;
}

// A random number, or 0 when the kernel has none. The process may have another copy of this library, with a table of its own. If
// tickets were counted, both copies would begin with 1, and each would take the other's ticket for its own.
int64_t NewTicket() {
  int64_t ticket = 0;
  do {
    if (syscall(SYS_getrandom, &ticket, sizeof ticket, 0) != sizeof ticket) return 0;
    ticket &= kMaxTicket;
  } while (ticket == 0 || Find(ticket));
  return ticket;
}

}  // namespace

int64_t DepositTicket(int fd, Custody::Opener opener, uint32_t uid) {
  pthread_mutex_lock(&mutex);
  Entry* entry = Find(0);
  if (!entry) {
    size_t grown = capacity ? capacity * 2 : 16;
    Entry* moved = static_cast<Entry*>(realloc(entries, grown * sizeof(Entry)));
    if (moved) {
      entries = moved;
      entry = &entries[capacity];
      for (; capacity < grown; capacity++) entries[capacity] = {0, -1, Custody::kUs, 0};
    }
  }
  int64_t ticket = 0;
  if (entry) {
    ticket = NewTicket();
    if (ticket) *entry = {ticket, fd, opener, uid};
  }
  pthread_mutex_unlock(&mutex);
  return ticket;
}

int ClaimTicket(int64_t ticket, Custody::Opener* opener, uint32_t* uid) {
  int fd = -ENOENT;
  pthread_mutex_lock(&mutex);
  if (ticket > 0) {
    if (Entry* entry = Find(ticket)) {
      fd = entry->fd;
      *opener = entry->opener;
      *uid = entry->uid;
      *entry = {0, -1, Custody::kUs, 0};
    }
  }
  pthread_mutex_unlock(&mutex);
  return fd;
}
