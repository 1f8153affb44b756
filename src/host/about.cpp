#include "host/about.h"

#include "base/text.h"
#include "vim/version.h"

namespace host {

vim::Ptr<vim::AboutInfo> About(std::string_view build) {
    vim::AboutInfo a;
    a.name = kProductName;
    a.vendor = "Bedplate";
    a.version = kProductVersion;
    a.build = build;
    a.full_name = base::Cat(a.name, " ", a.version, " build-", a.build);
    a.locale_version = "INTL";
    a.locale_build = "000";
    a.os_type = "vmnix-x86";
    a.product_line_id = "embeddedEsx";
    a.api_type = "HostAgent";
    a.api_version = vim::kApiVersion;
    a.license_product_name = kProductName;
    a.license_product_version = "8.0";
    return a;
}

}  // namespace host
