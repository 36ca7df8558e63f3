#include "analytics/store/sqlite/connection.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "analytics/store/sqlite/histogram_function.hpp"
#include "analytics/store/sqlite/message_reader.hpp"
#include "analytics/store/sqlite/migrate.hpp"
#include "analytics/store/sqlite/search_index.hpp"

namespace ccproxy::analytics {
namespace {

constexpr int busy_timeout_ms = 10'000;

/// By default SQLite counts what it allocates, under a lock of the process: a thread that gives way
/// could hold it while others wait. Takes effect before the first connection alone.
void leave_memory_uncounted() {
    [[maybe_unused]] static const int result = ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// SQLite would create the file with the umask's mode; its -wal and -shm files take the mode of
/// this one.
void create_private(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        ::close(file);
    } else if (errno != EEXIST) {
        throw std::runtime_error("the database " + path +
                                 " cannot be created: " + std::strerror(errno));
    }
}

[[noreturn]] void fail_to_open(const std::string& path, const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_NOTADB) {
        throw std::runtime_error(path + " is not an SQLite database");
    }
    throw std::runtime_error("the database " + path + " cannot be opened: " + error.what());
}

}  // namespace

SQLite::Database open_for_writing(const std::string& path) {
    create_private(path);
    leave_memory_uncounted();
    try {
        SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                                  busy_timeout_ms);
        register_search(database);
        register_message_functions(database.getHandle());
        check_ownership(database, known_migrations());
        // Before the log: this acts on a database that has no page yet, or when it is rewritten.
        // Deleted rows then leave pages that can be given back in small steps.
        database.exec("PRAGMA auto_vacuum = INCREMENTAL");
        database.exec("PRAGMA journal_mode = WAL");
        // An acknowledged event is deleted by its proxy, so a commit must survive a power cut. In
        // WAL mode NORMAL syncs at checkpoints only and may lose the last commits; FULL syncs the
        // log at each.
        database.exec("PRAGMA synchronous = FULL");
        database.exec("PRAGMA foreign_keys = ON");
        database.exec("PRAGMA cache_size = -65536");
        database.exec("PRAGMA temp_store = MEMORY");
        // By size: the commit that takes the log over 16 MiB moves what it can. By time:
        // StoreWriter::checkpoint().
        database.exec("PRAGMA wal_autocheckpoint = 4096");
        database.exec("PRAGMA journal_size_limit = 67108864");
        register_merge_histograms(database);
        return database;
    } catch (const SQLite::Exception& error) {
        fail_to_open(path, error);
    }
}

SQLite::Database open_for_reading(const std::string& path) {
    leave_memory_uncounted();
    try {
        SQLite::Database database(path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX,
                                  busy_timeout_ms);
        register_search(database);
        register_message_functions(database.getHandle());
        database.exec("PRAGMA query_only = ON");
        database.exec("PRAGMA temp_store = MEMORY");
        // Readers are many: their cache is smaller than the writer's.
        database.exec("PRAGMA cache_size = -8192");
        return database;
    } catch (const SQLite::Exception& error) {
        fail_to_open(path, error);
    }
}

}  // namespace ccproxy::analytics
