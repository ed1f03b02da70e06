// Lock holds a mutex for as long as it is in scope. Unlock releases a held mutex for as long as it is in scope.
#pragma once

#include <pthread.h>

class Lock {
 public:
  explicit Lock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
  ~Lock() { pthread_mutex_unlock(&mutex_); }
  Lock(const Lock&) = delete;

 private:
  pthread_mutex_t& mutex_;
};

class Unlock {
 public:
  explicit Unlock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_unlock(&mutex_); }
  ~Unlock() { pthread_mutex_lock(&mutex_); }
  Unlock(const Unlock&) = delete;

 private:
  pthread_mutex_t& mutex_;
};
