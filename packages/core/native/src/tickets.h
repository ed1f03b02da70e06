// Descriptors that one JavaScript thread of the process passes to another. This is the only state that JavaScript threads share. If
// the process has loaded several copies of this binary, each copy has a table of its own.
//
// A ticket can be claimed once. A descriptor that nobody claims stays open until the process ends.
#pragma once

#include "custody.h"

struct Deposited {
  // ClaimTicket() gives -ENOENT if there is no such ticket.
  int fd;
  Custody::Opener opener;
  // The uid of the peer that sent the descriptor; or kNobody.
  uint32_t uid;
};

// Returns the ticket (> 0), or 0 if there is no memory or no random number.
int64_t DepositTicket(const Deposited& deposited);
Deposited ClaimTicket(int64_t ticket);
