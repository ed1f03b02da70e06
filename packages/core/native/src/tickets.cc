#include "tickets.h"

#include "lock.h"
#include "growing-array.h"

namespace {

struct Entry {
  int64_t ticket;  // 0: free
  Deposited deposited;
};

// A JavaScript number holds so many bits exactly.
constexpr int64_t kMaxTicket = (int64_t{1} << 48) - 1;

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
// The entries. Not a GrowingArray, because its destructor would run while other threads still work.
void* memory = nullptr;
size_t capacity = 0;

Entry* Find(int64_t ticket) {
  Entry* entries = static_cast<Entry*>(memory);
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
    if (RawCall(SYS_getrandom, &ticket, sizeof ticket, 0) != sizeof ticket) return 0;
    ticket &= kMaxTicket;
  } while (ticket == 0 || Find(ticket));
  return ticket;
}

}  // namespace

int64_t DepositTicket(const Deposited& deposited) {
  Lock lock(mutex);
  Entry* entry = Find(0);
  if (!entry && Grow(&memory, &capacity, capacity + 1, sizeof(Entry))) entry = Find(0);
  if (!entry) return 0;
  int64_t ticket = NewTicket();
  *entry = {ticket, deposited};
  return ticket;
}

Deposited ClaimTicket(int64_t ticket) {
  Lock lock(mutex);
  Entry* entry = ticket > 0 ? Find(ticket) : nullptr;
  if (!entry) return {-ENOENT, Custody::kUs, kNobody};
  entry->ticket = 0;
  return entry->deposited;
}
