#include "tests/bench/compression/sessions.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "common/json.hpp"
#include "common/utf8.hpp"
#include "tests/bench/compression/message.hpp"
#include "tests/bench/compression/prose.hpp"

namespace ccproxy::bench {
namespace {

constexpr std::size_t most_lines_read = 400;
constexpr std::size_t most_lines_found = 40;

constexpr const char* reminder =
    "\n\n<system-reminder>\nWhenever you read a file, you should consider whether it looks "
    "malicious. If it does, you MUST refuse to improve or augment the code. You can still analyze "
    "existing code, write reports, or answer high-level questions about the code behavior.\n"
    "</system-reminder>\n";
constexpr const char* todo_reminder =
    "Todos have been modified successfully. Ensure that you continue to use the todo list to track "
    "your progress. Please proceed with the current tasks if applicable";

/// As the Read tool and the results of edits show it.
std::string numbered(const SourceFile& file, std::size_t first, std::size_t count) {
    std::string text;
    for (std::size_t i = first; i < std::min(file.lines.size(), first + count); ++i) {
        const std::string number = std::to_string(i + 1);
        text.append(6 - std::min<std::size_t>(6, number.size()), ' ').append(number);
        text.append("→").append(file.lines[i]).push_back('\n');
    }
    return text;
}

std::string joined(const std::vector<std::string>& lines, std::size_t first, std::size_t count) {
    std::string text;
    for (std::size_t i = first; i < std::min(lines.size(), first + count); ++i) {
        if (i > first) text += '\n';
        text += lines[i];
    }
    return text;
}

std::string folder_of(const std::string& path) {
    return std::filesystem::path(path).parent_path().string();
}

class Author {
  public:
    Author(const std::vector<SourceFile>& tree, const Prose& prose, unsigned user,
           std::uint32_t seed)
        : prose_(prose),
          random_(seed),
          root_("/home/user" + std::to_string(user) + "/src/project") {
        std::set<std::string> folders;
        for (const SourceFile& file : tree) folders.insert(folder_of(file.path));
        // A third of the folders, which others share in part.
        for (const SourceFile& file : tree) {
            const auto place = static_cast<unsigned>(
                std::distance(folders.begin(), folders.find(folder_of(file.path))));
            if ((place + user) % 3 == 0) files_.push_back(file);
        }
    }

    Session write(unsigned user, unsigned turns, const std::string& system_prompt,
                  const std::string& readme) {
        Session session;
        session.user = "user" + std::to_string(user);
        session.id = random_text(random_, 24);
        session.system = system_blocks(system_prompt);
        Message first("user");
        first.text(
            "<system-reminder>\nAs you answer the user's questions, you can use the "
            "following context:\n# claudeMd\n" +
            readme + "\n</system-reminder>");
        first.text(prose_.write(random_, 40));
        session.messages.push_back(first.take());
        for (unsigned turn = 0; turn < turns; ++turn) add_turn(session, turn + 1 == turns);
        return session;
    }

  private:
    std::string system_blocks(const std::string& prompt) {
        const std::string environment = "Working directory: " + root_ +
                                        "\nIs directory a git repo: Yes\nPlatform: linux\n"
                                        "Today's date: 2026-01-" +
                                        std::to_string(10 + below(random_, 20)) +
                                        "\n\ngitStatus:\n" + git_status();
        rapidjson::StringBuffer buffer;
        JsonWriter json(buffer);
        json.StartArray();
        for (const std::string& text :
             {std::string("You are Claude Code, Anthropic's official CLI for Claude."), prompt,
              environment}) {
            json.StartObject();
            json.Key("type");
            json.String("text");
            json.Key("text");
            json.String(text);
            json.EndObject();
        }
        json.EndArray();
        return {buffer.GetString(), buffer.GetSize()};
    }

    std::string git_status() {
        std::string text("Current branch: main\n\nStatus:\n");
        for (int i = 0; i < 6; ++i) text += " M " + any_file().path + "\n";
        text += "\nRecent commits:\n";
        for (int i = 0; i < 5; ++i) {
            text += random_text(random_, 7) + " " + prose_.write(random_, 7) + "\n";
        }
        return text;
    }

    /// The answer to what came last, and what its tools gave, unless it is the last one.
    void add_turn(Session& session, bool is_last) {
        Message answer("assistant");
        if (below(random_, 10) < 4) {
            answer.thinking(prose_.write(random_, 20 + below(random_, 120)),
                            random_text(random_, 300 + below(random_, 500)));
        }
        const bool asks = below(random_, 12) == 0 || is_last;
        answer.text(prose_.write(random_, asks ? 60 + below(random_, 200) : below(random_, 35)));
        Message next("user");
        if (asks) {
            next.text(prose_.write(random_, 10 + below(random_, 60)));
        } else {
            use_tool(answer, next);
        }
        session.messages.push_back(answer.take());
        if (!is_last) session.messages.push_back(next.take());
    }

    void use_tool(Message& answer, Message& result) {
        const std::string id = "toolu_01" + random_text(random_, 22);
        const std::size_t kind = below(random_, 100);
        if (kind < 35) return read(id, answer, result);
        if (kind < 60) return edit(id, answer, result);
        if (kind < 75) return find(id, answer, result);
        if (kind < 90) return build(id, answer, result);
        if (kind < 96) return todo(id, answer, result);
        return write_file(id, answer, result);
    }

    void read(const std::string& id, Message& answer, Message& result) {
        const SourceFile& file = next_file();
        std::vector<std::string> input{"file_path", root_ + "/" + file.path};
        std::size_t first = 0;
        if (file.lines.size() > most_lines_read) first = below(random_, file.lines.size() / 2);
        if (first > 0) input.insert(input.end(), {"offset", std::to_string(first + 1)});
        answer.tool_use(id, "Read", input);
        result.tool_result(id, numbered(file, first, most_lines_read) + reminder);
    }

    void edit(const std::string& id, Message& answer, Message& result) {
        SourceFile& file = next_file();
        const std::size_t count = 1 + below(random_, 8);
        const std::size_t first = below(random_, file.lines.size());
        const std::string before = joined(file.lines, first, count);
        for (std::size_t i = first; i < std::min(file.lines.size(), first + count); ++i) {
            change(file.lines[i]);
        }
        if (below(random_, 2) == 0) {
            file.lines.insert(file.lines.begin() + static_cast<std::ptrdiff_t>(first),
                              "    // " + prose_.write(random_, 12));
        }
        const std::string after = joined(file.lines, first, count + 1);
        const std::string path = root_ + "/" + file.path;
        answer.tool_use(id, "Edit", {"file_path", path, "old_string", before, "new_string", after});
        result.tool_result(id, "The file " + path +
                                   " has been updated. Here's the result of running `cat -n` on a "
                                   "snippet of the edited file:\n" +
                                   numbered(file, first < 4 ? 0 : first - 4, count + 9));
    }

    /// Another name somewhere in the line.
    void change(std::string& line) {
        const std::size_t at = line.find('_');
        if (at != std::string::npos) line.insert(at, "_" + prose_.write(random_, 1));
    }

    void find(const std::string& id, Message& answer, Message& result) {
        const SourceFile& file = any_file();
        const std::string& line = file.lines[below(random_, file.lines.size())];
        const std::size_t begin = std::min(line.find_first_not_of(" /#*-"), line.size());
        std::string wanted = line.substr(begin, 3 + below(random_, 9));
        if (!is_utf8(wanted)) wanted = "include";
        std::string found;
        std::size_t count = 0;
        for (const SourceFile& other : files_) {
            for (std::size_t i = 0; i < other.lines.size() && count < most_lines_found; ++i) {
                if (other.lines[i].find(wanted) == std::string::npos) continue;
                found += other.path + ":" + std::to_string(i + 1) + ":" + other.lines[i] + "\n";
                ++count;
            }
        }
        answer.tool_use(id, "Bash",
                        {"command", "grep -rn \"" + wanted + "\" . | head -40", "description",
                         prose_.write(random_, 5)});
        result.tool_result(id, found);
    }

    void build(const std::string& id, Message& answer, Message& result) {
        const bool tests = below(random_, 2) == 0;
        std::string output;
        const std::size_t count = 5 + below(random_, 40);
        for (std::size_t i = 0; i < count; ++i) {
            const std::string& path = any_file().path;
            const std::string place = std::to_string(i + 1) + "/" + std::to_string(count);
            if (tests) {
                output += place + " Test #" + std::to_string(i + 1) + ": " + path +
                          " ........   Passed    0." + std::to_string(below(random_, 100)) +
                          " sec\n";
            } else {
                output += "[" + place + "] Building CXX object CMakeFiles/" + path + ".o\n";
                if (below(random_, 12) == 0) {
                    output += root_ + "/" + path + ":" + std::to_string(below(random_, 300)) +
                              ":12: error: " + prose_.write(random_, 9) + "\n";
                }
            }
        }
        answer.tool_use(id, "Bash",
                        {"command", tests ? "ctest --test-dir build" : "ninja -C build",
                         "description", prose_.write(random_, 5)});
        result.tool_result(id, output);
    }

    void todo(const std::string& id, Message& answer, Message& result) {
        if (todos_.size() < 8) todos_.push_back(prose_.write(random_, 8));
        std::string list;
        for (const std::string& entry : todos_) list += "- " + entry + "\n";
        answer.tool_use(id, "TodoWrite", {"todos", list});
        result.tool_result(id, todo_reminder);
    }

    void write_file(const std::string& id, Message& answer, Message& result) {
        // New, but in the manner of another one.
        SourceFile made = any_file();
        for (std::string& line : made.lines) {
            if (below(random_, 3) == 0) change(line);
            if (below(random_, 9) == 0) line += "  // " + prose_.write(random_, 6);
        }
        const std::string path = root_ + "/new/" + random_text(random_, 6) + ".cpp";
        answer.tool_use(id, "Write",
                        {"file_path", path, "content", joined(made.lines, 0, most_lines_read)});
        result.tool_result(id, "File created successfully at: " + path);
    }

    SourceFile& any_file() { return files_[below(random_, files_.size())]; }

    /// Work stays with a few files for a while.
    SourceFile& next_file() {
        if (open_.size() < 3 || below(random_, 6) == 0) {
            open_.push_back(below(random_, files_.size()));
        }
        if (open_.size() > 8) open_.erase(open_.begin());
        return files_[open_[below(random_, open_.size())]];
    }

    const Prose& prose_;
    Random random_;
    const std::string root_;
    std::vector<SourceFile> files_;
    std::vector<std::size_t> open_;  ///< Places in files_.
    std::vector<std::string> todos_;
};

bool is_source(const std::filesystem::path& path) {
    static const std::set<std::string> kinds{".cpp", ".hpp",  ".md",  ".mjs", ".py",
                                             ".sql", ".yaml", ".tsx", ".ts",  ".txt"};
    return kinds.contains(path.extension().string());
}

bool is_left_out(const std::filesystem::path& folder) {
    const std::string name = folder.filename().string();
    return name == "node_modules" || name.starts_with("build") || name.starts_with(".");
}

}  // namespace

std::vector<SourceFile> load_sources(const std::string& folder) {
    std::vector<SourceFile> tree;
    std::filesystem::recursive_directory_iterator entry(folder);
    for (; entry != std::filesystem::recursive_directory_iterator(); ++entry) {
        if (entry->is_directory() && is_left_out(entry->path())) entry.disable_recursion_pending();
        if (!entry->is_regular_file() || !is_source(entry->path())) continue;
        SourceFile file{std::filesystem::relative(entry->path(), folder).string(), {}};
        std::ifstream in(entry->path());
        for (std::string line; std::getline(in, line);) file.lines.push_back(line);
        if (!file.lines.empty()) tree.push_back(std::move(file));
    }
    std::ranges::sort(tree, {}, &SourceFile::path);
    return tree;
}

Session make_session(const std::vector<SourceFile>& tree, unsigned user, std::uint32_t seed,
                     unsigned turns) {
    static constexpr std::size_t system_words = 2500;
    const Prose prose(tree);
    Random everyones(1);
    const std::string system_prompt = prose.write(everyones, system_words);
    std::string readme;
    for (const SourceFile& file : tree) {
        if (file.path == "README.md") readme = joined(file.lines, 0, file.lines.size());
    }
    return Author(tree, prose, user, seed).write(user, turns, system_prompt, readme);
}

}  // namespace ccproxy::bench
