// Runs a fuzz target without a fuzzer: over every seed, and over texts made from the seeds by the
// same steps in every run. Called with the folder of the seeds, or with single files.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int changed_texts_a_seed = 2000;
constexpr int most_changes_a_text = 6;

/// The text that is being run, for whoever must know which one broke the target.
const std::string* current = nullptr;

extern "C" void tell_current(int) {
    std::fprintf(stderr, "with the text, in hexadecimal:\n");
    for (const char c : *current) std::fprintf(stderr, "%02x", static_cast<unsigned char>(c));
    std::fprintf(stderr, "\n");
}

void run(const std::string& text) {
    current = &text;
    // On the heap and of its exact size, so that a sanitizer sees every overrun.
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string changed(std::string text, const std::string& other, std::minstd_rand& random) {
    const auto position = [&](const std::string& in) { return random() % (in.size() + 1); };
    for (std::size_t left = 1 + random() % most_changes_a_text; left > 0; --left) {
        const std::size_t at = position(text);
        switch (random() % 5) {
            case 0:
                text.insert(at, 1, static_cast<char>(random() % 256));
                break;
            case 1:
                text.erase(at, random() % 8);
                break;
            case 2:
                if (at < text.size()) text[at] = static_cast<char>(random() % 256);
                break;
            case 3:
                text.insert(at, other.substr(position(other), random() % 32));
                break;
            default:
                text.insert(at, text.substr(position(text), random() % 32));
        }
    }
    return text;
}

std::vector<std::string> read_seeds(const std::filesystem::path& place) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(place)) {
        for (const auto& entry : std::filesystem::directory_iterator(place)) {
            files.push_back(entry.path());
        }
    } else {
        files.push_back(place);
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> seeds;
    for (const auto& path : files) {
        std::ifstream file(path, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
        if (!file) {
            std::fprintf(stderr, "cannot read %s\n", path.c_str());
            std::exit(2);
        }
    }
    return seeds;
}

}  // namespace

int main(int count, char** arguments) {
    std::vector<std::string> seeds;
    for (int i = 1; i < count; ++i) {
        for (std::string& seed : read_seeds(arguments[i])) seeds.push_back(std::move(seed));
    }
    std::signal(SIGABRT, tell_current);
    if (seeds.empty()) {
        std::fprintf(stderr, "Usage: %s SEED|FOLDER...\n", arguments[0]);
        return 2;
    }
    run("");
    std::minstd_rand random(1);
    for (const std::string& seed : seeds) {
        run(seed);
        for (int i = 0; i < changed_texts_a_seed; ++i) {
            run(changed(seed, seeds[random() % seeds.size()], random));
        }
    }
    std::printf("%zu seeds, %zu texts made of them\n", seeds.size(),
                seeds.size() * changed_texts_a_seed);
}
