#include "tests/bench/compression/prose.hpp"

#include <sstream>
#include <string_view>

namespace ccproxy::bench {
namespace {

bool is_words(const std::string& path, const std::string& line) {
    return path.ends_with(".md") || line.find("// ") != std::string::npos;
}

}  // namespace

Prose::Prose(const std::vector<SourceFile>& tree) {
    for (const SourceFile& file : tree) {
        for (const std::string& line : file.lines) {
            if (!is_words(file.path, line)) continue;
            std::istringstream words(line);
            for (std::string word; words >> word;) {
                if (word.find_first_of("|/`{}<>") != std::string::npos) continue;
                places_[word].push_back(words_.size());
                words_.push_back(word);
            }
        }
    }
}

std::string Prose::write(Random& random, std::size_t words) const {
    std::string text;
    std::size_t place = below(random, words_.size());
    for (std::size_t i = 0; i < words; ++i) {
        if (i > 0) text += i % 60 == 0 ? "\n\n" : " ";
        text += words_[place];
        const std::vector<std::size_t>& places = places_.at(words_[place]);
        place = (places[below(random, places.size())] + 1) % words_.size();
    }
    return text;
}

std::string random_text(Random& random, std::size_t size) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string text;
    while (text.size() < size) text += digits[below(random, digits.size())];
    return text;
}

}  // namespace ccproxy::bench
