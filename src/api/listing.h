// The pages that /folder and /host show: plain lists of links, as programs parse them.
#pragma once

#include <string>
#include <vector>

#include "net/http.h"

namespace api {

struct Link {
    std::string name, url;                         // as they are; the page escapes them
    std::string modified, size;
};

net::Response ListingPage(const std::string& title, const std::vector<Link>& links);

// What no answer with a file or a list goes without: nothing in it may run.
std::vector<net::Header> SafeHeaders(std::string content_type);

}  // namespace api
