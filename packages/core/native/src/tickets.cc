#include "tickets.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

namespace {

struct Entry {
  int64_t ticket;  // 0: free
  int fd;
  Custody::Opener opener;
  uint32_t uid;  // whose peer has brought it
};

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
Entry* entries = nullptr;
size_t capacity = 0;
int64_t last_ticket = 0;

Entry* Find(int64_t ticket) {
  for (size_t i = 0; i < capacity; i++) {
    if (entries[i].ticket == ticket) return &entries[i];
  }
  return nullptr;
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
    ticket = ++last_ticket;
    *entry = {ticket, fd, opener, uid};
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
