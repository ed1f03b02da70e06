// Descriptors on their way from one thread of the process to another: the one process-wide state. Each copy of this binary that the
// process has loaded has a table of its own.
// A ticket is claimed once. What nobody claims stays open until the process ends.
#pragma once

#include "custody.h"

struct Deposited {
  // When claimed: -ENOENT if there is no such ticket.
  int fd;
  Custody::Opener opener;
  // Whose peer sent the descriptor.
  uint32_t uid;
};

// The ticket (> 0), or 0 when there is no memory, or no random number.
int64_t DepositTicket(const Deposited& deposited);
Deposited ClaimTicket(int64_t ticket);
