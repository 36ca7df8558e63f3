// The words of a message, for people and for the search.
#include "analytics/conversations/text.hpp"

#include <catch2/catch.hpp>

#include "analytics/conversations/canonical.hpp"
#include "common/utf8.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;

namespace {

std::string text_of(const std::string& content) {
    return message_text(canonical_message(R"({"role":"user","content":)" + content + "}")->text);
}
std::string preview_of(const std::string& content) {
    return message_preview(canonical_message(R"({"role":"user","content":)" + content + "}")->text);
}

}  // namespace

TEST_CASE("texts are joined by line ends", "[text]") {
    CHECK(text_of(R"("hello")") == "hello");
    CHECK(text_of(R"([{"type":"text","text":"a"},{"type":"text","text":"b\nc"}])") == "a\nb\nc");
    CHECK(text_of("[]").empty());
    CHECK(text_of("7").empty());
    CHECK(message_text(R"({"type":"text","text":"a block"})") == "a block");
    CHECK(message_text("no JSON").empty());
}

TEST_CASE("calls of tools and their results can be read", "[text]") {
    CHECK(text_of(R"([{"type":"text","text":"I look."},{"type":"tool_use","id":"t","name":"Bash",)"
                  R"("input":{"command":"ls -l","timeout":5000}}])") ==
          "I look.\n[Bash {\"command\":\"ls -l\",\"timeout\":5000}]");
    CHECK(text_of(R"([{"type":"tool_result","tool_use_id":"t","content":"total 0"}])") ==
          "total 0");
    CHECK(text_of(R"([{"type":"tool_result","content":[{"type":"text","text":"a"},)"
                  R"({"type":"image","source":{"sha256":"ab","bytes":7}}]}])") == "a\n[image]");
    CHECK(text_of(R"([{"type":"tool_result","tool_use_id":"t"}])") == "[tool_result]");
}

TEST_CASE("thinking is left out", "[text]") {
    CHECK(text_of(R"([{"type":"thinking","thinking":"hm","signature":"s"},)"
                  R"({"type":"redacted_thinking","data":"x"},{"type":"text","text":"yes"}])") ==
          "yes");
}

TEST_CASE("a NUL becomes a replacement character", "[text]") {
    CHECK(text_of(R"("a\u0000b")") ==
          "a\xEF\xBF\xBD"
          "b");
}

TEST_CASE("a preview is one short line of what the user wrote", "[text]") {
    CHECK(preview_of(R"("  a \n\n b\tc")") == "a b c");
    CHECK(preview_of(R"([{"type":"text","text":"<system-reminder>\nnoise</system-reminder>"},)"
                     R"({"type":"text","text":"mend it"}])") == "mend it");
    CHECK(preview_of(R"("<system-reminder>alone")") == "<system-reminder>alone");
    std::string wide = "\"";
    for (int i = 0; i < 1000; ++i) wide += "\xE8\xB6\x85";
    const std::string preview = preview_of(wide + "\"");
    CHECK(preview.size() == max_preview_bytes);
    CHECK(is_utf8(preview));
}
