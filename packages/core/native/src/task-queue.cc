#include "task-queue.h"

TaskQueue::~TaskQueue() {
  while (Source* source = sources_) {
    sources_ = source->next;
    delete source;
  }
}

Source* TaskQueue::SourceOf(uint32_t uid) {
  for (Source* source = sources_; source; source = source->next) {
    if (source->uid == uid) return source;
  }
  return sources_ = new Source{sources_, uid, nullptr, nullptr, 0, 0, 0};
}

void TaskQueue::Release(Source* source) {
  if (source->accounts > 0 || source->waiting > 0) return;
  Source** at = &sources_;
  while (*at != source) at = &(*at)->next;
  *at = source->next;
  delete source;
}

void TaskQueue::Delete(Account* account) {
  account->source->accounts--;
  Release(account->source);
  delete account;
}

void TaskQueue::Add(const Task& task) {
  Task* added = new Task(task);
  Source* source = task.source;
  (source->first ? source->last->next : source->first) = added;
  source->last = added;
  Count(source->waiting, 1);
  Count(waiting, 1);
  if (!task.account) return;
  Count(task.account->waiting, 1);
  task.account->Ref();
}

bool TaskQueue::IsTakeable(int limit) const {
  for (const Source* source = sources_; source; source = source->next) {
    if (source->first && source->running < limit) return true;
  }
  return false;
}

Task* TaskQueue::Take(int limit) {
  Source** at = &sources_;
  while (*at && !((*at)->first && (*at)->running < limit)) at = &(*at)->next;
  Source* source = *at;
  if (!source) return nullptr;
  Task* task = source->first;
  source->first = task->next;
  source->running++;
  running++;
  task->next = taken_;
  taken_ = task;
  // To the end: the others come first now.
  *at = source->next;
  source->next = nullptr;
  while (*at) at = &(*at)->next;
  *at = source;
  return task;
}

void TaskQueue::Finish(Task* task) {
  Source* source = task->source;
  Count(waiting, -1);
  Count(source->waiting, -1);
  running--;
  source->running--;
  Task** at = &taken_;
  while (*at != task) at = &(*at)->next;
  *at = task->next;
  Account* account = task->account;
  delete task;
  if (account) Count(account->waiting, -1);
  if (account && account->Unref()) {
    Delete(account);
  } else {
    Release(source);
  }
}

bool TaskQueue::IsClosing(int fd) const {
  const auto is_in = [fd](const Task* task) {
    while (task && (task->call || task->fd != fd)) task = task->next;
    return task != nullptr;
  };
  if (is_in(taken_)) return true;
  for (const Source* source = sources_; source; source = source->next) {
    if (is_in(source->first)) return true;
  }
  return false;
}
