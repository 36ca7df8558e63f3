#include "proxy/journal/packing.hpp"

#include <catch2/catch.hpp>

#include "common/hash.hpp"
#include "proto/event_codec.hpp"
#include "proxy/journal/dictionary.hpp"
#include "tests/unit/proxy/journal/journal_fixture.hpp"

namespace ccproxy::journal {
namespace {

std::string usual_event(int number) {
    Event event;
    event.id = "01a22f6b-00c8-7cfd-932d-bd243b52" + std::to_string(1000 + number);
    event.token_id = "01a22f6a-fdd6-73a1-93c1-f1eafcf7e37c";
    event.user_name = "ann";
    event.account_id = "team";
    event.mode = "api";
    event.model = "claude-sonnet-4-5-20250929";
    event.request_at_ms = 1'796'091'871'432 + number;
    event.response_at_ms = event.request_at_ms + 1500;
    event.duration_ms = 1500;
    event.usage_source = UsageSource::final;
    event.usage.input_tokens = 1200 + number;
    event.status_code = 200;
    event.success = true;
    event.conversation_id = "0f2d1c3b-4a59-4687-8f7e-6d5c4b3a2910";
    event.upstream_request_id = "req_011CSHoEeqs5C35K2UUqR7Fy";
    event.attempts = 1;
    std::string bytes;
    encode_event(event, bytes);
    return bytes;
}

std::string packed(Packer& packer, std::string_view event) {
    std::string payload;
    packer.append(event, payload);
    return payload;
}

std::optional<std::string> unpacked(std::string_view payload) {
    const std::optional<std::size_t> bytes = unpacked_bytes(payload);
    if (!bytes) return std::nullopt;
    std::string event(*bytes, '\0');
    if (!unpack(payload, event.data())) return std::nullopt;
    return event;
}

}  // namespace

TEST_CASE("what packed events need is their dictionary, as it was when the format was made") {
    // Another dictionary is another format, with a mark of its own.
    CHECK(dictionary_1().size() == 2620);
    CHECK(crc32c(dictionary_1()) == 0x5c34d5e6);
}

TEST_CASE("each packed event is read by itself, and takes less than half of the disk") {
    Packer packer;
    std::vector<std::string> payloads;
    for (int i = 0; i < 50; ++i) payloads.push_back(packed(packer, usual_event(i)));
    for (int i = 49; i >= 0; --i) {
        const std::string& payload = payloads[static_cast<std::size_t>(i)];
        CHECK(unpacked(payload) == usual_event(i));
        CHECK(payload.size() * 2 < usual_event(i).size());
    }
}

TEST_CASE("events of any size come back as they were") {
    Packer packer;
    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{1}, std::size_t{12}, std::size_t{5000},
          max_packed_event_bytes - 100, max_packed_event_bytes, max_packed_event_bytes + 1}) {
        CAPTURE(bytes);
        CHECK(unpacked(packed(packer, noise(bytes))) == noise(bytes));
        const std::string plain(bytes, 'x');
        CHECK(unpacked(packed(packer, plain)) == plain);
        CHECK((packed(packer, plain).size() < bytes / 10) ==
              (bytes > 100 && bytes <= max_packed_event_bytes));
    }
}

TEST_CASE("a larger event that was packed is read, up to a limit") {
    // A block of LZ4 that is literals alone: their number, less 15, in bytes of 255 and a rest.
    const auto packed_literals = [](const std::string& event) {
        const auto size = static_cast<std::uint32_t>(event.size());
        std::string payload(1, '\x01');
        payload.append(reinterpret_cast<const char*>(&size), sizeof size);
        payload.push_back('\xf0');
        payload.append((size - 15) / 255, '\xff');
        payload.push_back(static_cast<char>((size - 15) % 255));
        return payload + event;
    };
    for (const std::size_t bytes : {max_packed_event_bytes + 1, max_unpacked_event_bytes}) {
        CHECK(unpacked(packed_literals(noise(bytes))) == noise(bytes));
    }
    CHECK_FALSE(unpacked(packed_literals(noise(max_unpacked_event_bytes + 1))));
}

TEST_CASE("an event that packing would make larger stands there as it is") {
    Packer packer;
    CHECK(packed(packer, noise(300)) == noise(300));
    CHECK(packed(packer, "{}") == "{}");
}

TEST_CASE("a payload that no packer has made is refused, whatever stands in it") {
    Packer packer;
    const std::string good = packed(packer, usual_event(1));
    REQUIRE(unpacked(good) == usual_event(1));
    for (std::size_t cut = 1; cut < good.size(); ++cut) CHECK_FALSE(unpacked(good.substr(0, cut)));
    CHECK_FALSE(unpacked(good + "x"));
    CHECK_FALSE(unpacked(std::string("\x01\xff\xff\xff\xff", 5) + good.substr(5)));
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        std::string bad = good;
        bad[5 + random() % (bad.size() - 5)] = static_cast<char>(random());
        const std::optional<std::string> event = unpacked(bad);
        CHECK((!event || event->size() == usual_event(1).size()));
    }
}

TEST_CASE("packed and plain events stand side by side in a journal") {
    const test::TempFolder folder;
    Journal journal(options(folder));
    Batch batch;
    std::vector<std::uint64_t> seqs;
    Entries expected;
    for (std::uint64_t seq = 1; seq <= 60; seq += 3) {
        // As a proxy wrote them that packed none, as it writes them now, and a large one.
        REQUIRE(journal.append(usual_event(static_cast<int>(seq))) == seq);
        batch.begin().append(usual_event(static_cast<int>(seq) + 1));
        batch.commit();
        batch.begin().append(noise(5000));
        batch.commit();
        journal.append(batch, seqs);
        batch.clear();
        expected.emplace_back(seq, usual_event(static_cast<int>(seq)));
        expected.emplace_back(seq + 1, usual_event(static_cast<int>(seq) + 1));
        expected.emplace_back(seq + 2, noise(5000));
    }
    CHECK(read_all(journal) == expected);
}

TEST_CASE("an intact record that cannot be unpacked leaves its seq free") {
    const test::TempFolder folder;
    Journal journal(options(folder));
    append_events(journal, 1, 1);
    REQUIRE(journal.append(std::string_view("\x01\x08\0\0\0what?", 10)) == 2);
    append_events(journal, 3, 3);
    CHECK(read_all(journal) == Entries{{1, event(1)}, {3, event(3)}});
}

TEST_CASE("events stay as they are while they are lent") {
    const test::TempFolder folder;
    Journal journal(options(folder));
    constexpr std::uint64_t count = 200;
    for (std::uint64_t seq = 1; seq <= count; ++seq) {
        // Twice as much as a large block takes, and one that takes more than a block.
        const std::size_t bytes = seq == 100 ? 300'000 : 2'500;
        REQUIRE(journal.append(noise(bytes + seq)) == seq);
    }
    JournalReader reader(journal.folder());
    std::vector<std::pair<std::string_view, Block*>> lent;
    while (const auto entry = reader.next(journal.last_seq())) {
        if (entry->seq % 2 == 0) {
            reader.block().lend();
            lent.emplace_back(entry->event, &reader.block());
        }
    }
    REQUIRE(lent.size() == count / 2);
    for (std::uint64_t seq = 2; seq <= count; seq += 2) {
        const auto& [event, block] = lent[seq / 2 - 1];
        CHECK(event == noise((seq == 100 ? 300'000 : 2'500) + seq));
        block->give_back();
    }
    CHECK(reader.lent_bytes() == 0);
}

}  // namespace ccproxy::journal
