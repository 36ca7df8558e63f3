// The one header of the simulator that includes RapidJSON.
#pragma once
#pragma GCC system_header

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
