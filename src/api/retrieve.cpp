#include "api/retrieve.h"

#include "base/text.h"
#include "rt/loop.h"

namespace api {

// Objects between two turns of everybody else.
static constexpr std::size_t kTurn = 500;

using Rest = SessionState::Rest;
using Objects = std::vector<vim::Ptr<vim::ObjectContent>>;

static vim::Result<Rest> Begin(Call& call, const Computed& computed,
                               const std::vector<vim::Ptr<vim::PropertyFilterSpec>>& specs) {
    Rest rest;
    rest.now = call.now;
    Reader reader(call, rest.now, computed);
    std::unordered_set<vim::Ref> missing_seen;
    for (const auto& spec : specs) {
        TRY(compiled, Selection::Compile(*spec));
        auto selection = std::make_shared<const Selection>(std::move(compiled));
        std::vector<vim::Ref> missing;
        CHECK(selection->Select(
            reader, [&](inventory::Node node) { rest.objects.emplace_back(std::move(node), selection.get()); },
            missing));
        rest.selections.push_back(std::move(selection));
    }
    return rest;
}

// The next `count` objects of it.
static rt::Co<Objects> Deliver(Call& call, const Computed& computed, Rest& rest, std::size_t count) {
    Reader reader(call, rest.now, computed);
    Objects out;
    for (std::size_t end = std::min(rest.objects.size(), rest.next + count); rest.next < end; ++rest.next) {
        auto& [node, selection] = rest.objects[rest.next];
        out.push_back(AsObjectContent(reader, node, *selection));
        if (out.size() % kTurn == 0) co_await rt::Yield();
    }
    co_return out;
}

rt::Co<vim::Result<Objects>> RetrieveAll(Call& call, const Computed& computed,
                                         std::vector<vim::Ptr<vim::PropertyFilterSpec>> specs) {
    CO_TRY(rest, Begin(call, computed, specs));
    co_return co_await Deliver(call, computed, rest, rest.objects.size());
}

static rt::Co<vim::Result<vim::Ptr<vim::RetrieveResult>>> Page(Call& call, const Computed& computed,
                                                               std::unique_ptr<Rest> rest) {
    vim::RetrieveResult out;
    out.objects = co_await Deliver(call, computed, *rest, rest->page);
    if (out.objects.empty()) co_return vim::Ptr<vim::RetrieveResult>();
    if (rest->next < rest->objects.size() && call.state) {
        out.token = base::Cat(call.state->next_token++);
        call.state->retrievals[*out.token] = std::move(rest);
    }
    co_return vim::Ptr<vim::RetrieveResult>(std::move(out));
}

rt::Co<vim::Result<vim::Ptr<vim::RetrieveResult>>> RetrievePage(Call& call, const Computed& computed,
                                                                std::vector<vim::Ptr<vim::PropertyFilterSpec>> specs,
                                                                std::optional<int> page) {
    if (page && *page <= 0)
        co_return vim::Fault(vim::InvalidArgument("options.maxObjects"), "maxObjects must be positive");
    CO_TRY(begun, Begin(call, computed, specs));
    auto rest = std::make_unique<Rest>(std::move(begun));
    rest->page = page ? std::size_t(*page) : rest->objects.size();
    co_return co_await Page(call, computed, std::move(rest));
}

rt::Co<vim::Result<vim::Ptr<vim::RetrieveResult>>> ContinuePage(Call& call, const Computed& computed,
                                                                std::string token) {
    auto found = call.state ? call.state->retrievals.extract(token) : decltype(call.state->retrievals)::node_type();
    if (found.empty())
        co_return vim::Fault(vim::InvalidArgument("token"), "the token \"" + token + "\" is unknown or used up");
    co_return co_await Page(call, computed, std::move(found.mapped()));
}

}  // namespace api
