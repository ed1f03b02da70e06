// Polls: libuv's own watch of single descriptors, with a uv_poll_t for each. They are level-triggered: each turn of the event loop
// tells of a descriptor for as long as it is ready. That saves the epoll instance within libuv's, and the call that says EAGAIN.
//
// libuv ends the process where it cannot register a descriptor. So we register it first, right before libuv does. Where we can't, the
// descriptor is not watched, and that is told as an EPOLLERR.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct uv_handle_s;
struct uv_poll_s;
struct uv_prepare_s;

class Polls {
 public:
  class Listener {
   public:
    virtual void OnPoll(int32_t slot, int32_t generation, uint32_t events) = 0;
    // Something could not be registered: TellFailed() is to be called in this turn.
    virtual void OnFailure() = 0;
    virtual void OnAllClosed() = 0;
  };

  explicit Polls(Listener* listener) : listener_(listener) {}
  ~Polls();
  Polls(const Polls&) = delete;

  // False: no memory.
  bool Reserve();
  void Open(uv_loop_s* loop);

  // Watches the descriptor for EPOLLIN and EPOLLOUT, or one of them, in place of what was watched for before. 0, or a negative errno:
  // nothing is watched then. The descriptor becomes non-blocking. An EPOLLERR ends the watching: whoever is told of it closes this.
  int Start(int fd, int32_t slot, int32_t generation, uint32_t events);
  void Stop(int fd, int32_t slot, int32_t generation);
  // Must come before close(2).
  void Close(int fd, int32_t slot, int32_t generation);
  void TellFailed();
  // Closes everything, and calls OnAllClosed() once libuv has done so.
  void End();

 private:
  struct Poll;

  Poll* Find(int fd, int32_t slot, int32_t generation) const;
  bool MakeRoom(int fd);
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

  Listener* listener_;
  uv_loop_s* loop_ = nullptr;
  int backend_ = -1;
  uv_prepare_s* prepare_ = nullptr;
  // By descriptor number
  Poll** polls_ = nullptr;
  size_t room_ = 0;
  // Started in this turn, and not yet registered.
  Poll* started_ = nullptr;
  // Could not be registered, which nobody has been told of yet.
  Poll* failed_ = nullptr;
  // Handles that libuv knows
  size_t handles_ = 0;
  bool ending_ = false;
};
