#include "client/properties.h"

#include <algorithm>

#include "base/text.h"
#include "vim/gen/all.h"
#include "vim/gen/calls_collector.h"

namespace client {

void Facts::Put(const vim::Ref& object, std::string path, vim::Any value) {
    values_[object][std::move(path)] = std::move(value);
}

std::vector<vim::Ref> Facts::Objects() const {
    std::vector<vim::Ref> out;
    for (const auto& [ref, values] : values_) out.push_back(ref);
    return out;
}

const vim::Any* Facts::Find(const vim::Ref& object, std::string_view path) const {
    auto found = values_.find(object);
    if (found == values_.end()) return nullptr;
    auto value = found->second.find(path);
    return value == found->second.end() || value->second.empty() ? nullptr : &value->second;
}

std::string Facts::Text(const vim::Ref& object, std::string_view path) const {
    const vim::Any* value = Find(object, path);
    if (!value) return {};
    if (auto* text = value->As<std::string>()) return *text;
    if (auto* name = value->As<vim::EnumValue>()) return std::string(name->name());
    return {};
}

std::vector<vim::Ref> Facts::Refs(const vim::Ref& object, std::string_view path) const {
    std::vector<vim::Ref> out;
    const vim::Any* value = Find(object, path);
    auto* array = value ? value->As<vim::AnyArray>() : nullptr;
    if (!array) return out;
    for (const vim::Any& one : array->values)
        if (auto* ref = one.As<vim::Ref>()) out.push_back(*ref);
    return out;
}

namespace {

vim::Ptr<vim::PropertySpec> Wanted(const vim::Type& type, std::vector<std::string> paths) {
    vim::PropertySpec out;
    out.type_ = std::string(type.name);
    out.path_set = std::move(paths);
    return vim::Ptr<vim::PropertySpec>(std::move(out));
}

vim::Ptr<vim::PropertyFilterSpec> Filter(const vim::Type& type, const std::vector<vim::Ref>& objects,
                                         std::vector<std::string> paths) {
    vim::PropertyFilterSpec out;
    out.report_missing_objects_in_results = true;
    out.prop_set.push_back(Wanted(type, std::move(paths)));
    for (const vim::Ref& ref : objects) {
        vim::ObjectSpec one;
        one.obj = ref;
        out.object_set.emplace_back(std::move(one));
    }
    return vim::Ptr<vim::PropertyFilterSpec>(std::move(out));
}

void TakeIn(const vim::RetrieveResult& page, Facts& facts) {
    for (const auto& object : page.objects)
        for (const auto& property : object->prop_set) facts.Put(object->obj, property->name, property->val);
}

// A filter of the session's own collector, and the waiting on it.
class Watch {
public:
    Watch(Session& session, vim::Ref object) : session_(session), object_(std::move(object)) {}

    rt::Co<vim::Result<>> Begin(std::vector<std::string> paths) {
        vim::call::CreateFilter make;
        make.self = session_.content().property_collector;
        make.spec = Filter(*object_.type, {object_}, std::move(paths));
        CO_TRY(filter, co_await session_.Call(std::move(make)));
        filter_ = filter;
        co_return vim::Result<>{};
    }
    // One round; nothing new within `seconds` is fine.
    rt::Co<vim::Result<>> Next(int seconds) {
        vim::call::WaitForUpdatesEx wait;
        wait.self = session_.content().property_collector;
        if (!version_.empty()) wait.version = version_;
        vim::WaitOptions options;
        options.max_wait_seconds = seconds;
        wait.options = vim::Ptr<vim::WaitOptions>(std::move(options));
        CO_TRY(set, co_await session_.Call(std::move(wait)));
        if (!set) co_return vim::Result<>{};
        version_ = set->version;
        for (const auto& filter : set->filter_set) {
            for (const auto& object : filter->object_set)
                for (const auto& change : object->change_set) facts.Put(object->obj, change->name, change->val);
            if (!filter->missing_set.empty())
                co_return vim::Fault(vim::ManagedObjectNotFound(object_), object_.Text() + " is gone");
        }
        co_return vim::Result<>{};
    }
    rt::Co<void> End() {
        vim::call::DestroyPropertyFilter destroy;
        destroy.self = filter_;
        (void)co_await session_.Call(std::move(destroy));
    }
    Facts facts;

private:
    Session& session_;
    vim::Ref object_, filter_;
    std::string version_;
};

rt::Co<vim::Result<bool>> Rounds(Watch& watch, const std::function<bool(const Facts&)>& enough, base::Duration most) {
    auto end = std::chrono::steady_clock::now() + most;
    for (;;) {
        auto left = std::chrono::ceil<std::chrono::seconds>(end - std::chrono::steady_clock::now()).count();
        if (left <= 0) co_return false;
        CO_CHECK(co_await watch.Next(static_cast<int>(std::min<std::int64_t>(left, 30))));
        if (enough(watch.facts)) co_return true;
    }
}

}  // namespace

rt::Co<vim::Result<Facts>> Fetch(Session& session, const vim::Type& type, std::vector<vim::Ref> objects,
                                 std::vector<std::string> paths) {
    Facts facts;
    if (objects.empty()) co_return facts;
    vim::call::RetrievePropertiesEx ask;
    ask.self = session.content().property_collector;
    ask.spec_set.push_back(Filter(type, objects, std::move(paths)));
    ask.options = vim::Ptr<vim::RetrieveOptions>(vim::RetrieveOptions());
    CO_TRY(page, co_await session.Call(std::move(ask)));
    while (page) {
        TakeIn(*page, facts);
        if (!page->token || page->token->empty()) break;
        vim::call::ContinueRetrievePropertiesEx more;
        more.self = session.content().property_collector;
        more.token = *page->token;
        CO_TRY(next, co_await session.Call(std::move(more)));
        page = std::move(next);
    }
    co_return facts;
}

rt::Co<vim::Result<Facts>> FetchAll(Session& session, const vim::Type& type, std::vector<std::string> paths) {
    vim::call::CreateContainerView make;
    make.self = session.content().view_manager;
    make.container = session.content().root_folder;
    make.type_ = {std::string(type.name)};
    make.recursive = true;
    CO_TRY(view, co_await session.Call(std::move(make)));
    CO_TRY(listed, co_await Fetch(session, vim::ContainerView::kType, {view}, {"view"}));
    auto facts = co_await Fetch(session, type, listed.Refs(view, "view"), std::move(paths));
    vim::call::DestroyView destroy;
    destroy.self = view;
    (void)co_await session.Call(std::move(destroy));
    co_return facts;
}

rt::Co<vim::Result<bool>> WaitUntil(Session& session, vim::Ref object, std::vector<std::string> paths,
                                    std::function<bool(const Facts&)> enough, base::Duration at_most) {
    Watch watch(session, std::move(object));
    CO_CHECK(co_await watch.Begin(std::move(paths)));
    auto result = co_await Rounds(watch, enough, at_most);
    co_await watch.End();
    co_return result;
}

rt::Co<vim::Result<vim::Any>> WaitForTask(Session& session, vim::Ref task, std::function<void(int)> progress) {
    constexpr auto kForever = std::chrono::hours(24 * 365);
    auto over = [&progress, &task](const Facts& facts) {
        if (auto* percent = facts.As<std::int32_t>(task, "info.progress"); percent && progress) progress(*percent);
        std::string state = facts.Text(task, "info.state");
        return state == "success" || state == "error";
    };
    CO_TRY(ended, co_await WaitUntil(session, task, {"info.state", "info.progress"}, std::move(over), kForever));
    (void)ended;
    CO_TRY(facts, co_await Fetch(session, vim::Task::kType, {task}, {"info"}));
    auto* info = facts.Object<vim::TaskInfo>(task, "info");
    if (!info) co_return vim::Fault(vim::ManagedObjectNotFound(task), "the task is gone");
    if (info->error)
        co_return vim::Fault(info->error->fault.Cast<vim::MethodFault>(), info->error->localized_message.value_or(""));
    co_return info->result;
}

}  // namespace client
