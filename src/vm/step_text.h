// What a task has told the journal of itself: an object of JSON, read with what is missing or of
// another kind left as it would be without. A record of an older host agent lacks what is newer.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace vm {

boost::json::object ParseStep(const std::string& text);  // empty: it is none

std::string Word(const boost::json::object& from, std::string_view key);
std::int64_t Number(const boost::json::object& from, std::string_view key);
bool Flag(const boost::json::object& from, std::string_view key, bool usual = false);
std::vector<std::string> Words(const boost::json::object& from, std::string_view key);
std::vector<std::int64_t> Numbers(const boost::json::object& from, std::string_view key);
std::vector<boost::json::object> Objects(const boost::json::object& from, std::string_view key);

}  // namespace vm
