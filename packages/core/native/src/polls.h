// Lets libuv watch single descriptors, with a uv_poll_t for each. The watch is level-triggered: libuv reports a descriptor in each
// turn of the event loop as long as it is ready. This is faster than our own epoll instance, which libuv would have to watch in
// turn. And it saves the last call that gives EAGAIN.
//
// If libuv cannot register a descriptor with the kernel, it ends the process. So we register the descriptor ourselves, right before
// libuv does. If that fails, libuv does not watch the descriptor, and we report an EPOLLERR to JavaScript.
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

  // Allocates memory. False: there is none.
  bool Reserve();
  // `failure`: an eventfd that we signal if we could not register a descriptor. The caller must then call TellFailed().
  void Open(uv_loop_s* loop, int failure);

  // Watches the descriptor for EPOLLIN, EPOLLOUT or both, instead of the events before. Returns 0, or a negative errno if the
  // descriptor is not watched. The descriptor becomes non-blocking. An EPOLLERR ends the watch: JavaScript must then call Close().
  int Start(int fd, int32_t slot, int32_t generation, uint32_t events);
  // Pauses the watch. Start() resumes it.
  void Stop(int fd, int32_t slot, int32_t generation);
  // Ends the watch for good. Call this before close(2) of `fd`.
  void Close(int fd, int32_t slot, int32_t generation);
  // Reports an EPOLLERR for each descriptor that we could not register.
  void TellFailed();
  // Ends all watches. Calls `done` when libuv has closed all handles.
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
  // The index is the descriptor's number.
  GrowingArray<Poll*> polls_;
  // The watches that were started in this turn of the loop. The kernel does not know them yet.
  Poll* started_ = nullptr;
  // The watches that we could not register. JavaScript does not know yet.
  Poll* failed_ = nullptr;
  // How many handles libuv has not closed yet.
  size_t handles_ = 0;
  // Null until End() is called.
  void (*done_)(void*) = nullptr;
  void* data_ = nullptr;
};
