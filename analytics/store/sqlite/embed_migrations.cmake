# Writes the numbered .sql files into a C++ file: cmake -DOUTPUT=x.cpp -DDIRECTORY=migrations -P embed_migrations.cmake
file(GLOB files RELATIVE ${DIRECTORY} ${DIRECTORY}/*.sql)
list(SORT files)
set(entries "")
set(expected 1)
foreach(name ${files})
    if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.sql$")
        message(FATAL_ERROR "${name}: a migration is named like 0001_what_it_does.sql")
    endif()
    math(EXPR version "1${CMAKE_MATCH_1} - 10000")
    set(title ${CMAKE_MATCH_2})
    if(NOT version EQUAL expected)
        message(FATAL_ERROR "${name}: migration ${expected} is missing")
    endif()
    math(EXPR expected "${expected} + 1")
    file(READ ${DIRECTORY}/${name} sql)
    string(APPEND entries "    {${version}, \"${title}\", R\"sql(${sql})sql\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Generated from the .sql files of the migrations.
#include \"analytics/store/sqlite/migrate.hpp\"

namespace ccproxy::analytics {

const std::vector<Migration>& known_migrations() {
    static const std::vector<Migration> migrations{
${entries}    };
    return migrations;
}

}  // namespace ccproxy::analytics
")
