// Sessions as Claude Code sends them, made up over the files of a source tree: a program is read,
// searched, changed and built, turn after turn.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ccproxy::bench {

struct SourceFile {
    std::string path;
    std::vector<std::string> lines;
};

/// The texts and sources below `folder`, by path. What is built or installed there is left out.
std::vector<SourceFile> load_sources(const std::string& folder);

/// Request t holds messages 0 to 2t, and message 2t + 1 is its answer.
struct Session {
    std::string user;
    std::string id;
    std::string system;                 ///< A list of blocks, as JSON.
    std::vector<std::string> messages;  ///< User and assistant in turn, as JSON.
};

/// The same seed gives the same session. Users work on different folders of the tree, and each
/// keeps what they changed to their session.
Session make_session(const std::vector<SourceFile>& tree, unsigned user, std::uint32_t seed,
                     unsigned turns);

}  // namespace ccproxy::bench
