// The part of the C++ runtime that the compiler refers to. libstdc++ is not linked in, because it would tie the file to one libc.
// exports.map keeps these functions to the file. Nothing can throw (-fno-exceptions): without memory the process aborts.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void* operator new(size_t size) {
  void* memory = malloc(size);
  if (memory == nullptr) abort();
  return memory;
}
void operator delete(void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }

// The compiler makes calls to these after link-time optimisation has looked for unused functions: hence `used`.
extern "C" {

// On x64, glibc has two versions of memcpy, and a reference that names no version binds to the older one. So this calls memmove,
// which has only one version.
__attribute__((used)) void* memcpy(void* to, const void* from, size_t size) { return memmove(to, from, size); }

#if defined(__i386__)
// Position-independent code for ia32 calls __stack_chk_fail by this name, which only libc's static part has.
__attribute__((noreturn)) void __stack_chk_fail();
__attribute__((used, noreturn)) void __stack_chk_fail_local() { __stack_chk_fail(); }
#endif

}  // extern "C"
