// The part of the C++ runtime that the compiler and the standard headers refer to. libstdc++ is not linked in: it would tie
// the file to one libc. exports.map keeps these to the file. Nothing can throw (-fno-exceptions): what cannot go on aborts.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <new>

void* operator new(size_t size) {
  void* memory = malloc(size == 0 ? 1 : size);
  if (memory == nullptr) abort();
  return memory;
}
void* operator new[](size_t size) { return operator new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return malloc(size == 0 ? 1 : size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return malloc(size == 0 ? 1 : size); }
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }

// Where std::string, std::vector and std::function of the headers go when they would throw.
namespace std {
void __throw_length_error(const char*) { abort(); }
void __throw_logic_error(const char*) { abort(); }
void __throw_out_of_range_fmt(const char*, ...) { abort(); }
void __throw_bad_alloc() { abort(); }
void __throw_bad_array_new_length() { abort(); }
void __throw_bad_function_call() { abort(); }
}  // namespace std

// The compiler makes calls to these after link-time optimisation has looked for unused functions: hence `used`.
extern "C" {

__attribute__((used)) void __cxa_pure_virtual() { abort(); }

// glibc's x64 memcpy has two versions, and a reference without one binds to the older. memmove has one.
__attribute__((used)) void* memcpy(void* to, const void* from, size_t size) { return memmove(to, from, size); }

#if defined(__i386__)
// Position-independent ia32 code calls it by this name, which libc has only in its static part.
__attribute__((noreturn)) void __stack_chk_fail();
__attribute__((used, noreturn)) void __stack_chk_fail_local() { __stack_chk_fail(); }
#endif

}  // extern "C"
