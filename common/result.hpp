// The answer of a function that can fail because of its input: a value, or an Error that says what
// is wrong. Failures of the world (no memory, a closed database) throw instead.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace ccproxy {

/// One sentence, without a final stop, that names what is wrong. It never holds a secret.
struct Error {
    std::string message;
};

template <class T>
using Result = boost::system::result<T, Error>;

/// Makes Result<T>::value() throw on an error; found by argument-dependent lookup.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
    throw std::runtime_error(error.message);
}

}  // namespace ccproxy
