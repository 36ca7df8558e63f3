# Writes the description of the API into a C++ file: cmake -DINPUT=openapi.yaml -DOUTPUT=x.cpp -P embed_openapi.cmake
file(READ ${INPUT} yaml)
file(WRITE ${OUTPUT} "// Generated from openapi.yaml.
#include \"analytics/api/openapi.hpp\"

namespace ccproxy::analytics {

std::string_view openapi_document() {
    return R\"yaml(${yaml})yaml\";
}

}  // namespace ccproxy::analytics
")
