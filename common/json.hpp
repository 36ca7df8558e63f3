// The one header that includes RapidJSON, and so the one place that sets it up.
#pragma once
// RapidJSON 1.1 does not pass -Wconversion; it is not ours to mend.
#pragma GCC system_header

#if defined(__SSE4_2__)
#define RAPIDJSON_SSE42
#elif defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif
#define RAPIDJSON_HAS_STDSTRING 1

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

// For reading only: the writer of 1.1 with SIMD leaves U+001A to U+001F as they are, which no JSON
// may hold and the output of terminals does (ESC is U+001B).
#undef RAPIDJSON_SSE42
#undef RAPIDJSON_SSE2

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
