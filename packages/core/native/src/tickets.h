// Descriptors on their way from one thread of the process to another: the one process-wide state. Each copy of this binary that the
// process has loaded has a table of its own.
// A ticket is claimed once; what nobody claims stays open until the process ends.
#pragma once

#include <stdint.h>

#include "custody.h"

// The ticket (> 0), or 0 when there is no memory, or no random number.
int64_t DepositTicket(int fd, Custody::Opener opener, uint32_t uid);
// The descriptor, or -ENOENT.
int ClaimTicket(int64_t ticket, Custody::Opener* opener, uint32_t* uid);
