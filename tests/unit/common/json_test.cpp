// The JSON library, as it is set up here, writes what every reader takes.
#include "common/json.hpp"

#include <catch2/catch.hpp>
#include <string>

TEST_CASE("every control character is escaped, wherever it stands in a long text", "[json]") {
    for (char control = 1; control < 0x20; ++control) {
        for (std::size_t place = 0; place < 40; ++place) {
            std::string text(40, 'x');
            text[place] = control;
            rapidjson::StringBuffer buffer;
            rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
            writer.String(text);
            const std::string written(buffer.GetString(), buffer.GetSize());
            CAPTURE(static_cast<int>(control), place);
            REQUIRE(written.find(control) == std::string::npos);
            rapidjson::Document document;
            document.Parse(written.data(), written.size());
            REQUIRE_FALSE(document.HasParseError());
            REQUIRE(std::string(document.GetString(), document.GetStringLength()) == text);
        }
    }
}
