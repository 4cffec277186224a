#pragma once

// FOREBAY_SANITIZED: measurements of memory would be those of a sanitizer as well.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FOREBAY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FOREBAY_SANITIZED 1
#endif
#endif

// FOREBAY_THREAD_SANITIZED: a child of a process with several threads may start none.
#if defined(__SANITIZE_THREAD__)
#define FOREBAY_THREAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FOREBAY_THREAD_SANITIZED 1
#endif
#endif
