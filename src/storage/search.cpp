#include "storage/search.h"

#include <algorithm>

#include "base/text.h"
#include "storage/file_kinds.h"

namespace storage {
namespace {

using Spec = vim::HostDatastoreBrowserSearchSpec;
constexpr int kDeepest = 100;

bool NameMatches(const std::string& name, const Spec& spec) {
    if (spec.match_pattern.empty()) return true;
    bool any_case = spec.search_case_insensitive.value_or(false);
    for (const std::string& pattern : spec.match_pattern)
        if (any_case ? base::GlobMatch(base::Lower(pattern), base::Lower(name)) : base::GlobMatch(pattern, name))
            return true;
    return false;
}

base::Result<> SearchIn(const Root& root, const vm::Located& place, const Spec& spec, bool below, int depth,
                        SearchResults& out) {
    TRY(entries, root.List(place.path.path));
    if (spec.sort_folders_first.value_or(false))
        std::stable_sort(entries.begin(), entries.end(),
                         [](const Entry& a, const Entry& b) { return a.folder > b.folder; });
    vim::HostDatastoreBrowserSearchResults found;
    found.datastore = place.volume.datastore;
    found.folder_path = place.path.Text() + (place.path.path.empty() ? " " : "/");
    for (const Entry& entry : entries)
        if (NameMatches(entry.name, spec))
            if (auto info = Describe(root, place.path.path, entry, spec)) found.file.push_back(std::move(info));
    out.push_back(std::move(found));
    if (!below || depth == kDeepest) return {};
    for (const Entry& entry : entries) {
        if (!entry.folder) continue;
        auto inner = SearchIn(root, {place.path / entry.name, place.volume}, spec, true, depth + 1, out);
        if (!inner && inner.error().code != base::Code::kNotFound) return inner;   // gone meanwhile is fine
    }
    return {};
}

}  // namespace

base::Result<SearchResults> Search(const vm::Located& place, const vim::Ptr<Spec>& spec, bool below) {
    TRY(root, RootOf(place.volume));
    SearchResults out;
    CHECK(SearchIn(root, place, spec ? *spec : Spec(), below, 0, out));
    return out;
}

rt::Co<vim::Result<vim::Any>> Browsing::Run(vm::Located place, vim::Ptr<Spec> spec, bool below) {
    auto search = [place, spec, below] { return Search(place, spec, below); };
    auto found = co_await parts_.pool.Run(std::move(search));
    if (!found) co_return FaultOf(std::move(found).error(), place.path);
    if (!below) co_return vim::Any(found->front());
    vim::AnyArray all{&vim::HostDatastoreBrowserSearchResults::kType, {}};
    for (auto& one : *found) all.values.emplace_back(std::move(one));
    co_return vim::Any(std::move(all));
}

rt::Co<vim::Result<vim::Ref>> Browsing::Start(Caller caller, vim::Ref browser, std::string path, vim::Ptr<Spec> spec,
                                              bool below, const vim::Method& method) {
    CO_TRY(place, Find(parts_.volumes, path, caller, kBrowse));
    auto now = parts_.inventory.Now();
    const auto* own = now->Get<vim::HostDatastoreBrowser>(browser);
    const vim::Ref& datastore = place.volume.datastore;
    if (own && std::find(own->datastore.begin(), own->datastore.end(), datastore) == own->datastore.end())
        co_return vim::Fault(vim::InvalidDatastore(datastore, place.volume.name),
                             base::Cat("this browser does not look into datastore \"", place.volume.name,
                                       "\": ask that datastore's own"));
    task::Spec task{.entity = datastore,
                    .method = &method,
                    .user = caller.user,
                    .cancelable = false,
                    .exclusive = false,
                    .durable = false,
                    .state = {}};
    task::Work work = [this, place, spec, below](task::Progress&) { return Run(place, spec, below); };
    co_return co_await parts_.tasks.Start(std::move(task), std::move(work));
}

}  // namespace storage
