#include "task-queue.h"

TaskQueue::~TaskQueue() {
  while (UidQueue* uid_queue = uid_queues_) {
    uid_queues_ = uid_queue->next;
    delete uid_queue;
  }
}

UidQueue* TaskQueue::QueueOf(uint32_t uid) {
  for (UidQueue* uid_queue = uid_queues_; uid_queue; uid_queue = uid_queue->next) {
    if (uid_queue->uid == uid) return uid_queue;
  }
  return uid_queues_ = new UidQueue{uid_queues_, uid, nullptr, nullptr, 0, 0, 0};
}

void TaskQueue::Release(UidQueue* uid_queue) {
  if (uid_queue->accounts > 0 || uid_queue->waiting > 0) return;
  UidQueue** at = &uid_queues_;
  while (*at != uid_queue) at = &(*at)->next;
  *at = uid_queue->next;
  delete uid_queue;
}

void TaskQueue::Delete(Account* account) {
  account->uid_queue->accounts--;
  Release(account->uid_queue);
  delete account;
}

void TaskQueue::Add(const Task& task) {
  Task* added = new Task(task);
  UidQueue* uid_queue = task.uid_queue;
  (uid_queue->first ? uid_queue->last->next : uid_queue->first) = added;
  uid_queue->last = added;
  Count(uid_queue->waiting, 1);
  Count(waiting, 1);
  if (!task.account) return;
  Count(task.account->waiting, 1);
  task.account->Ref();
}

bool TaskQueue::IsTakeable(int limit) const {
  for (const UidQueue* uid_queue = uid_queues_; uid_queue; uid_queue = uid_queue->next) {
    if (uid_queue->first && uid_queue->running < limit) return true;
  }
  return false;
}

Task* TaskQueue::Take(int limit) {
  UidQueue** at = &uid_queues_;
  while (*at && !((*at)->first && (*at)->running < limit)) at = &(*at)->next;
  UidQueue* uid_queue = *at;
  if (!uid_queue) return nullptr;
  Task* task = uid_queue->first;
  uid_queue->first = task->next;
  uid_queue->running++;
  running++;
  task->next = taken_;
  taken_ = task;
  // Move the uid to the end, so that the others have their turns first.
  *at = uid_queue->next;
  uid_queue->next = nullptr;
  while (*at) at = &(*at)->next;
  *at = uid_queue;
  return task;
}

void TaskQueue::Finish(Task* task) {
  UidQueue* uid_queue = task->uid_queue;
  Count(waiting, -1);
  Count(uid_queue->waiting, -1);
  running--;
  uid_queue->running--;
  Task** at = &taken_;
  while (*at != task) at = &(*at)->next;
  *at = task->next;
  Account* account = task->account;
  delete task;
  if (account) Count(account->waiting, -1);
  if (account && account->Unref()) {
    Delete(account);
  } else {
    Release(uid_queue);
  }
}

bool TaskQueue::IsClosing(int fd) const {
  const auto is_in = [fd](const Task* task) {
    while (task && (task->call || task->fd != fd)) task = task->next;
    return task != nullptr;
  };
  if (is_in(taken_)) return true;
  for (const UidQueue* uid_queue = uid_queues_; uid_queue; uid_queue = uid_queue->next) {
    if (is_in(uid_queue->first)) return true;
  }
  return false;
}
