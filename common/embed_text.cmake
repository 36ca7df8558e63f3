# Writes a text file into a C++ file, as what a function of ours gives, which INCLUDE declares:
# cmake -DINPUT=x.yaml -DOUTPUT=x.cpp -DINCLUDE=path/of/x.hpp -DNAMESPACE=ccproxy -DFUNCTION=x_text -P embed_text.cmake
file(READ ${INPUT} text)
get_filename_component(name ${INPUT} NAME)
file(WRITE ${OUTPUT} "// Generated from ${name}.
#include \"${INCLUDE}\"

namespace ${NAMESPACE} {

std::string_view ${FUNCTION}() {
    return R\"embedded(${text})embedded\";
}

}  // namespace ${NAMESPACE}
")
