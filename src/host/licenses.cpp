#include "host/licenses.h"

#include "host/about.h"
#include "host/ids.h"
#include "host/make.h"

namespace host {
namespace {

constexpr std::string_view kNoKey = "00000-00000-00000-00000-00000";

std::vector<vim::Ptr<vim::KeyAnyValue>> Product() {
    return {KeyValue("ProductName", std::string(kProductName)),
            KeyValue("ProductVersion", std::string(kProductVersion.substr(0, 3)))};
}

vim::Ptr<vim::LicenseManagerLicenseInfo> Evaluation() {
    vim::LicenseManagerLicenseInfo l;
    l.license_key = kNoKey;
    l.edition_key = "eval";
    l.name = "Evaluation Mode";
    l.total = 0;
    l.used = 0;
    l.cost_unit = "";
    l.properties = Product();
    return l;
}

}  // namespace

vim::LicenseManager EvaluationLicenses(base::Time now, base::Time first_start) {
    const auto ends = first_start + std::chrono::days(60);
    const auto hours = std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::hours>(ends - now).count(), 0);
    vim::LicenseManager m;
    m.self = LicenseManagerRef();
    vim::EvaluationLicenseSource source;
    source.remaining_hours = hours;
    m.source = std::move(source);
    m.source_available = true;
    m.licensed_edition = "eval";
    m.licenses = {Evaluation()};
    auto& properties = m.evaluation.Mut().properties;
    properties = Product();
    properties.push_back(KeyValue("expirationHours", static_cast<std::int64_t>(hours)));
    properties.push_back(KeyValue("expirationMinutes", static_cast<std::int64_t>(hours * 60)));
    properties.push_back(KeyValue("expirationDate", vim::Time(ends)));
    return m;
}

}  // namespace host
