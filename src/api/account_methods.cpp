// HostLocalAccountManager and UserDirectory: local users and groups.
#include "access/logins.h"
#include "api/serve.h"
#include "base/text.h"
#include "vim/gen/access.h"
#include "vim/gen/calls_access.h"
#include "vim/gen/event.h"

namespace api {

namespace call = vim::call;

namespace {

auth::AccountSpec SpecOf(const vim::Ptr<vim::HostAccountSpec>& given) {
    auth::AccountSpec out{.name = given->id, .password = given->password, .description = given->description};
    if (auto* posix = given.As<vim::HostPosixAccountSpec>()) {
        out.id = posix->posix_id;
        out.shell = posix->shell_access;
    }
    return out;
}

// The faults that the API has for what the accounts answer.
vim::Fault AsFault(base::Error error, const std::string& name) {
    switch (error.code) {
        case base::Code::kExists: return vim::Fault(vim::AlreadyExists(name), error.message);
        case base::Code::kInvalid: return vim::Fault(vim::InvalidArgument("user"), error.message);
        case base::Code::kDenied: return vim::Fault(vim::SecurityError(), error.message);
        case base::Code::kNotFound: {
            vim::UserNotFound fault;
            fault.principal = name;
            return vim::Fault(std::move(fault), error.message);
        }
        default: return vim::Fault(std::move(error));
    }
}

class AccountMethods {
public:
    explicit AccountMethods(AccountParts parts) : parts_(std::move(parts)) {}

    rt::Co<vim::Result<>> CreateUser(auth::Principal who, vim::Ptr<vim::HostAccountSpec> given) {
        auth::AccountSpec spec = SpecOf(given);
        auto done = co_await parts_.accounts.CreateUser(spec);
        if (!done) co_return AsFault(std::move(done).error(), spec.name);
        PostSpec<vim::AccountCreatedEvent>(given, false, who.user);
        co_return vim::Result<>{};
    }
    rt::Co<vim::Result<>> UpdateUser(auth::Principal who, vim::Ptr<vim::HostAccountSpec> given) {
        auth::AccountSpec spec = SpecOf(given);
        CO_CHECK(parts_.authorization.MayControl(who, Known(spec.name)));
        auto done = co_await parts_.accounts.UpdateUser(spec);
        if (!done) co_return AsFault(std::move(done).error(), spec.name);
        PostSpec<vim::AccountUpdatedEvent>(given, false, who.user);
        if (spec.password) {
            vim::UserPasswordChanged event;
            event.user_login = spec.name;
            Post(std::move(event), who.user);
        }
        co_return vim::Result<>{};
    }
    rt::Co<vim::Result<>> CreateGroup(auth::Principal who, vim::Ptr<vim::HostAccountSpec> given) {
        auth::AccountSpec spec = SpecOf(given);
        auto done = co_await parts_.accounts.CreateGroup(spec);
        if (!done) co_return AsFault(std::move(done).error(), spec.name);
        PostSpec<vim::AccountCreatedEvent>(given, true, who.user);
        co_return vim::Result<>{};
    }
    rt::Co<vim::Result<>> Remove(auth::Principal who, std::string name, bool group) {
        CO_CHECK(parts_.authorization.MayControl(who, group ? auth::Principal{"", {name}} : Known(name)));
        if (auto kept = parts_.authorization.MayForget(name, group); !kept)
            co_return vim::Fault(vim::SecurityError(), kept.error().message());
        auto done = group ? co_await parts_.accounts.RemoveGroup(name) : co_await parts_.accounts.RemoveUser(name);
        if (!done) co_return AsFault(std::move(done).error(), name);
        parts_.logins.Refresh();
        CO_CHECK(co_await parts_.authorization.Forget(who, name, group));
        vim::AccountRemovedEvent event;
        event.account = name;
        event.group = group;
        Post(std::move(event), who.user);
        co_return vim::Result<>{};
    }
    rt::Co<vim::Result<>> Assign(auth::Principal who, std::string user, std::string group) {
        CO_CHECK(parts_.authorization.MayControl(who, auth::Principal{"", {group}}));
        auto done = co_await parts_.accounts.Assign(user, group);
        if (!done) co_return AsFault(std::move(done).error(), NameFor(user, group));
        parts_.logins.Refresh();
        vim::UserAssignedToGroup event;
        event.user_login = user;
        event.group = group;
        Post(std::move(event), who.user);
        co_return vim::Result<>{};
    }
    rt::Co<vim::Result<>> Unassign(auth::Principal who, std::string user, std::string group) {
        CO_CHECK(parts_.authorization.MayControl(who, auth::Principal{"", {group}}));
        auto done = co_await parts_.accounts.Unassign(user, group);
        if (!done) co_return AsFault(std::move(done).error(), NameFor(user, group));
        parts_.logins.Refresh();
        vim::UserUnassignedFromGroup event;
        event.user_login = user;
        event.group = group;
        Post(std::move(event), who.user);
        co_return vim::Result<>{};
    }

private:
    auth::Principal Known(const std::string& name) const { return {name, parts_.accounts.table().GroupsOf(name)}; }
    // Which of the two a "not found" is about.
    std::string NameFor(const std::string& user, const std::string& group) const {
        return parts_.accounts.table().FindUser(user) ? group : user;
    }
    void Post(vim::Ptr<vim::Event> event, const std::string& user) {
        vim::HostEventArgument host;
        host.host = parts_.host;
        event.Mut().host = std::move(host);
        parts_.events.Post(std::move(event), user);
    }
    template <class E> void PostSpec(vim::Ptr<vim::HostAccountSpec> spec, bool group, const std::string& user) {
        spec.Mut().password.reset();             // everybody may read events
        E event;
        event.spec = std::move(spec);
        event.group = group;
        Post(std::move(event), user);
    }

    AccountParts parts_;
};

// --- UserDirectory ---

bool Matches(std::string_view wanted, bool exact, std::string_view name, std::string_view words) {
    if (exact) return base::EqualNoCase(name, wanted);
    std::string low = base::Lower(wanted);
    return base::Lower(name).find(low) != std::string::npos || base::Lower(words).find(low) != std::string::npos;
}

vim::Result<> CheckSearch(const call::RetrieveUserGroups& r, const auth::AccountTable& table) {
    if (r.domain && !r.domain->empty()) return vim::Fault(vim::NotFound(), "there is no domain \"" + *r.domain + '"');
    auto unknown = [](const std::string& name) {
        vim::UserNotFound fault;
        fault.principal = name;
        return vim::Fault(std::move(fault), "there is no \"" + name + '"');
    };
    if (r.belongs_to_group && !table.FindGroup(*r.belongs_to_group)) return unknown(*r.belongs_to_group);
    if (r.belongs_to_user && !table.FindUser(*r.belongs_to_user)) return unknown(*r.belongs_to_user);
    return {};
}

vim::Ptr<vim::UserSearchResult> Found(const std::string& name, const std::string& words, bool group, int id) {
    vim::PosixUserSearchResult out;
    out.principal = name;
    if (!words.empty()) out.full_name = words;
    out.group = group;
    out.id = id;
    return out;
}

using SearchAnswer = vim::Result<std::vector<vim::Ptr<vim::UserSearchResult>>>;

SearchAnswer Search(const call::RetrieveUserGroups& r, const auth::AccountTable& table) {
    CHECK(CheckSearch(r, table));
    std::vector<vim::Ptr<vim::UserSearchResult>> out;
    auto member = [&](const std::string& user, const std::string& group) {
        return table.FindGroup(group)->members.contains(user);
    };
    if (r.find_users && !r.belongs_to_user)
        for (const auto& [name, user] : table.users())
            if (Matches(r.search_str, r.exact_match, name, user.description) &&
                (!r.belongs_to_group || member(name, *r.belongs_to_group)))
                out.push_back(Found(name, user.description, false, user.id));
    if (r.find_groups && !r.belongs_to_group)
        for (const auto& [name, group] : table.groups())
            if (Matches(r.search_str, r.exact_match, name, group.description) &&
                (!r.belongs_to_user || member(*r.belongs_to_user, name)))
                out.push_back(Found(name, group.description, true, group.id));
    return out;
}

SearchAnswer SearchFor(const Call& c, const call::RetrieveUserGroups& r, AccountParts& parts) {
    constexpr std::string_view kNeeded = "Authorization.ModifyPermissions";
    if (!parts.authorization.HasAnywhere(c.session->who, kNeeded))
        return vim::Fault(vim::NoPermission(r.self, std::string(kNeeded)),
                          "only who may set permissions somewhere may search accounts");
    return Search(r, parts.accounts.table());
}

}  // namespace

void ServeAccounts(Dispatch& dispatch, AccountParts given) {
    auto parts = std::make_shared<AccountParts>(given);
    auto m = std::make_shared<AccountMethods>(given);
    dispatch.On<call::CreateUser>(
        [m](Call& c, const call::CreateUser& r) { return m->CreateUser(c.session->who, r.user); });
    dispatch.On<call::UpdateUser>(
        [m](Call& c, const call::UpdateUser& r) { return m->UpdateUser(c.session->who, r.user); });
    dispatch.On<call::RemoveUser>(
        [m](Call& c, const call::RemoveUser& r) { return m->Remove(c.session->who, r.user_name, false); });
    dispatch.On<call::CreateGroup>(
        [m](Call& c, const call::CreateGroup& r) { return m->CreateGroup(c.session->who, r.group); });
    dispatch.On<call::RemoveGroup>(
        [m](Call& c, const call::RemoveGroup& r) { return m->Remove(c.session->who, r.group_name, true); });
    dispatch.On<call::AssignUserToGroup>(
        [m](Call& c, const call::AssignUserToGroup& r) { return m->Assign(c.session->who, r.user, r.group); });
    dispatch.On<call::UnassignUserFromGroup>(
        [m](Call& c, const call::UnassignUserFromGroup& r) { return m->Unassign(c.session->who, r.user, r.group); });
    dispatch.On<call::RetrieveUserGroups>(
        [parts](Call& c, const call::RetrieveUserGroups& r) { return SearchFor(c, r, *parts); });
}

}  // namespace api
