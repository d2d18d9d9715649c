#pragma once
// CSV -> COPY ... FROM stdin WITH (FORMAT csv, ...) and its data. The data passes as it is, but for
// a line `\.`, which would end a COPY and is put into quotes.
#include <memory>
#include <string>

#include "pgseed/seed/input/row_text.hpp"

namespace pgseed::seed {

// name: for messages. Throws Error{usage} for options that COPY would refuse.
std::unique_ptr<RowText> make_csv_text(const RowOptions& options, const std::string& name);

}  // namespace pgseed::seed
