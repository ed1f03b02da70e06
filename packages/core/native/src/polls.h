// libuv's own watch of single descriptors, with a uv_poll_t for each. It is level-triggered: libuv reports a descriptor in each
// turn of the event loop for as long as it is ready. So a message needs neither an epoll instance inside libuv's nor a last call
// that gives EAGAIN.
//
// libuv ends the process if it cannot register a descriptor. So we register the descriptor first, right before libuv does. If that
// fails, the descriptor is not watched, and JavaScript is told of an EPOLLERR.
#pragma once

#include <stdint.h>

#include "growing-array.h"

class EventBatch;
struct uv_loop_s;
struct uv_handle_s;
struct uv_poll_s;
struct uv_prepare_s;

class Polls {
 public:
  explicit Polls(EventBatch& events) : events_(events) {}
  ~Polls();
  Polls(const Polls&) = delete;

  // False: no memory.
  bool Reserve();
  // `failure`: an eventfd that we signal if a descriptor could not be registered. The caller must then call TellFailed().
  void Open(uv_loop_s* loop, int failure);

  // Watches the descriptor for EPOLLIN, EPOLLOUT or both, in place of the events that it was watched for before. Returns 0, or a
  // negative errno if it is not watched. The descriptor becomes non-blocking. An EPOLLERR ends the watch: JavaScript must then call
  // Close().
  int Start(int fd, int32_t slot, int32_t generation, uint32_t events);
  void Stop(int fd, int32_t slot, int32_t generation);
  // Must be called before close(2) of `fd`.
  void Close(int fd, int32_t slot, int32_t generation);
  void TellFailed();
  // Closes everything, and calls `done` once libuv has done so.
  void End(void (*done)(void*), void* data);

 private:
  struct Poll;

  Poll* Find(int fd, int32_t slot, int32_t generation) const;
  Poll* Make(int fd, int32_t slot, int32_t generation, int* error);
  bool OutlivesItsNumber(Poll* poll);
  void Drop(Poll* poll);
  void Released();
  static void Queue(Poll* poll, Poll** list);
  static void Unqueue(Poll* poll);

  static void OnEvent(uv_poll_s* handle, int status, int events);
  static void OnPollClosed(uv_handle_s* handle);
  static void OnPrepare(uv_prepare_s* handle);
  static void OnPrepareClosed(uv_handle_s* handle);

  EventBatch& events_;
  int failure_ = -1;
  uv_loop_s* loop_ = nullptr;
  int backend_ = -1;
  uv_prepare_s* prepare_ = nullptr;
  // By descriptor number.
  GrowingArray<Poll*> polls_;
  // Polls that were started in this turn, and are not registered yet.
  Poll* started_ = nullptr;
  // Polls that could not be registered. JavaScript does not know yet.
  Poll* failed_ = nullptr;
  // How many handles libuv has not closed yet.
  size_t handles_ = 0;
  // Null until End() is called.
  void (*done_)(void*) = nullptr;
  void* data_ = nullptr;
};
