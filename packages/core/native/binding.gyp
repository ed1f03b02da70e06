{
  # One file for every libc: nothing is linked in and no symbol has a version, so glibc of any age and musl both load it.
  # What C++ would take from its runtime library is in src/runtime.cc.
  "targets": [
    {
      "target_name": "sendmsg",
      "sources": [
        "src/addon.cc",
        "src/batch-calls.cc",
        "src/custody-calls.cc",
        "src/custody.cc",
        "src/event-batch.cc",
        "src/growing-array.cc",
        "src/held-calls.cc",
        "src/message-calls.cc",
        "src/off-loop-call.cc",
        "src/open-file-budget.cc",
        "src/overflow.cc",
        "src/polls.cc",
        "src/readiness.cc",
        "src/receiver.cc",
        "src/runtime.cc",
        "src/slot-calls.cc",
        "src/syscalls.cc",
        "src/system-calls.cc",
        "src/task-queue.cc",
        "src/off-loop-calls.cc",
        "src/thread-pool.cc",
        "src/tickets.cc",
        "src/watch-calls.cc",
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      # With it fcntl is fcntl64, which musl does not have.
      "defines!": ["_FILE_OFFSET_BITS=64", "_LARGEFILE_SOURCE"],
      "cflags!": ["-O3"],
      "cflags": [
        # For size; what is hot is spent in the kernel and in V8.
        "-Os",
        "-flto",
        # With `-z now` nothing is bound lazily: calls go straight through the table of addresses.
        "-fno-plt",
        # Node's own flags leave it out on ia32, and text relocations would follow.
        "-fPIC",
        "-fvisibility=hidden",
        "-ffunction-sections",
        "-fdata-sections",
        "-fstack-protector-strong",
        "-fasynchronous-unwind-tables",
        # Its checking variants (__memcpy_chk) are glibc's alone.
        "-U_FORTIFY_SOURCE",
        "-Wall",
        "-Wextra",
        "-Wno-unused-parameter",
      ],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": [
        # From C++20 on, std::string is compiled here instead of taken from the library.
        "-std=c++20",
        "-fno-exceptions",
        "-fno-rtti",
        "-fno-threadsafe-statics",
      ],
      "libraries!": ["-lstdc++"],
      "libraries": ["-lgcc"],
      "ldflags": [
        "-Os",
        "-flto",
        "-nostdlib",
        "-Wl,--gc-sections",
        "-Wl,--as-needed",
        "-Wl,-z,relro,-z,now",
        "-Wl,-z,noexecstack",
        "-Wl,-z,noseparate-code",
        # Threads and clean-up hooks may outlive the last dlclose.
        "-Wl,-z,nodelete",
        "-Wl,--version-script=<(module_root_dir)/exports.map",
      ],
      "conditions": [
        ["target_arch=='x64' or target_arch=='ia32'", {"cflags": ["-fcf-protection"]}],
        # Outlined atomics ask glibc's getauxval at start-up which instructions there are.
        ["target_arch=='arm64'", {"cflags": ["-mno-outline-atomics", "-mbranch-protection=standard"]}],
      ],
    },
  ],
}
