#include "handler_fixture.h"
#include "vim/gen/calls_collector.h"
#include "vim/gen/calls_entity.h"

namespace api {
namespace {

namespace call = vim::call;
using Names = std::vector<std::string>;

const vim::Ref kSub{&vim::Folder::kType, "sub"}, kOther{&vim::Folder::kType, "other"};

struct ViewsTest : HandlerFixture {
    ViewsTest() { ServeViews(dispatch, services); }

    vim::Ref Container(const vim::Ref& container, std::vector<std::string> types, bool recursive = true) {
        call::CreateContainerView request;
        request.self = host::ViewManagerRef();
        request.container = container;
        request.type_ = std::move(types);
        request.recursive = recursive;
        auto made = Do(request);
        EXPECT_TRUE(made) << made.error().message();
        return made ? *made : vim::Ref();
    }
    Names In(const vim::Ref& view) {
        auto node = sdk.StateOf(session)->objects.Find(view);
        const auto* as_view = node.As<vim::ManagedObjectView>();
        return as_view ? Ids(as_view->view) : Names{"(no view)"};
    }
    void AddFolder(const vim::Ref& self) {
        host.Edit([&](inventory::Edit& edit) {
            vim::Folder folder;
            folder.self = self;
            folder.name = self.id;
            folder.parent = host::VmFolderRef();
            edit.Add(vim::Ptr<vim::Folder>(std::move(folder)));
            edit.Change<vim::Folder>(host::VmFolderRef(), [&](vim::Folder& f) { f.child_entity.push_back(self); });
        });
    }
    void Move(const vim::Ref& what, const vim::Ref& to) {
        host.Edit([&](inventory::Edit& edit) {
            vim::Ref from = edit.Get<vim::ManagedEntity>(what)->parent;
            edit.Change<vim::Folder>(from, [&](vim::Folder& f) { std::erase(f.child_entity, what); });
            edit.Change<vim::Folder>(to, [&](vim::Folder& f) { f.child_entity.push_back(what); });
            edit.Change<vim::ManagedEntity>(what, [&](vim::ManagedEntity& e) { e.parent = to; });
        });
    }
};

TEST_F(ViewsTest, AContainerFollowsWhatComesAndGoes) {
    vim::Ref all = Container(host::RootFolderRef(), {"VirtualMachine"});
    EXPECT_EQ(In(all), (Names{"1"}));
    AddVm("2");
    EXPECT_EQ(In(all), (Names{"1", "2"}));
    host.Edit([](inventory::Edit& edit) {                    // both in one commit
        host::RemoveVm(edit, Vm("1"));
        host::PlaceVm(edit, host::SimVm("3"));
    });
    EXPECT_EQ(In(all), (Names{"2", "3"}));
    RemoveVm("2");
    RemoveVm("3");
    EXPECT_EQ(In(all), Names());
}

TEST_F(ViewsTest, AContainerFollowsMovesOfMembers) {
    AddFolder(kSub);
    vim::Ref sub = Container(kSub, {"VirtualMachine"}), all = Container(host::VmFolderRef(), {"VirtualMachine"});
    Move(Vm("1"), kSub);
    EXPECT_EQ(In(sub), (Names{"1"}));
    EXPECT_EQ(In(all), (Names{"1"}));
    Move(Vm("1"), host::VmFolderRef());
    EXPECT_EQ(In(sub), Names());
    EXPECT_EQ(In(all), (Names{"1"}));
}

// The folder that moves is not asked for, what is in it is.
TEST_F(ViewsTest, AContainerFollowsMovesOfWhatMembersAreIn) {
    AddFolder(kSub);
    AddFolder(kOther);
    Move(Vm("1"), kSub);
    vim::Ref view = Container(kOther, {"VirtualMachine"});
    EXPECT_EQ(In(view), Names());
    Move(kSub, kOther);
    EXPECT_EQ(In(view), (Names{"1"}));
    Move(kSub, host::VmFolderRef());
    EXPECT_EQ(In(view), Names());
}

TEST_F(ViewsTest, TypesOfAContainer) {
    AddFolder(kSub);
    std::string datastore(host::kVolume);
    const struct {
        const char* name;
        vim::Ref container;
        Names types;
        bool recursive;
        Names expected;
    } kCases[] = {
        {"one type", host::RootFolderRef(), {"HostSystem"}, true, {"ha-host"}},
        {"two types", host::RootFolderRef(), {"HostSystem", "VirtualMachine"}, true, {"1", "ha-host"}},
        {"a type and what is below it",
         host::HostFolderRef(),
         {"ManagedEntity"},
         true,
         {"1", "ha-compute-res", "ha-host", "ha-root-pool"}},
        {"children only", host::VmFolderRef(), {"ManagedEntity"}, false, {"1", "sub"}},
        {"children only, of a type", host::VmFolderRef(), {"Folder"}, false, {"sub"}},
        {"none of the children", host::RootFolderRef(), {"VirtualMachine"}, false, {}},
        {"a pool's", host::RootPoolRef(), {"VirtualMachine"}, true, {"1"}},
        {"a host's", host::HostRef(), {}, true, {"1"}},
        {"datastores", host::RootFolderRef(), {"Datastore"}, true, {datastore}},
        {"a type that nothing is", host::RootFolderRef(), {"ClusterComputeResource"}, true, {}},
    };
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(In(Container(c.container, c.types, c.recursive)), c.expected);
    }
}

TEST_F(ViewsTest, AContainerWithoutRecursionFollowsChildrenOnly) {
    AddFolder(kSub);
    vim::Ref view = Container(host::VmFolderRef(), {"VirtualMachine"}, false);
    EXPECT_EQ(In(view), (Names{"1"}));
    Move(Vm("1"), kSub);
    EXPECT_EQ(In(view), Names());
    AddVm("2");
    EXPECT_EQ(In(view), (Names{"2"}));
}

TEST_F(ViewsTest, AContainerOfAnUnknownTypeIsRefused) {
    for (const char* type : {"NoSuchType", "VirtualMachineConfigInfo", ""}) {
        call::CreateContainerView request;
        request.self = host::ViewManagerRef();
        request.container = host::RootFolderRef();
        request.type_ = {type};
        auto made = Do(request);
        ASSERT_FALSE(made) << type;
        EXPECT_TRUE(made.error().As<vim::InvalidArgument>()) << type;
    }
}

TEST_F(ViewsTest, AViewEndsWithItsDestruction) {
    vim::Ref view = Container(host::RootFolderRef(), {"VirtualMachine"});
    call::DestroyView destroy;
    destroy.self = view;
    EXPECT_TRUE(Do(destroy));
    AddVm("2");                                              // nobody follows any more
    EXPECT_EQ(In(view), (Names{"(no view)"}));
    auto again = Do(destroy);
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().As<vim::ManagedObjectNotFound>());
}

TEST_F(ViewsTest, AListHoldsWhatTheClientPutsThere) {
    AddVm("2");
    AddVm("3");
    call::CreateListView create;
    create.self = host::ViewManagerRef();
    create.obj = {Vm("1"), Vm("gone")};
    auto list = Do(create);
    ASSERT_TRUE(list);
    EXPECT_EQ(In(*list), (Names{"1"}));

    call::ModifyListView modify;
    modify.self = *list;
    modify.add = {Vm("1"), Vm("2"), Vm("never")};
    auto unresolved = Do(modify);
    ASSERT_TRUE(unresolved);
    EXPECT_EQ(Ids(*unresolved), (Names{"never"}));
    EXPECT_EQ(In(*list), (Names{"1", "2"}));
    modify.add = {};
    modify.remove = {Vm("1"), Vm("never")};
    ASSERT_TRUE(Do(modify));
    EXPECT_EQ(In(*list), (Names{"2"}));

    call::ResetListView reset;
    reset.self = *list;
    reset.obj = {Vm("3"), Vm("gone")};
    unresolved = Do(reset);
    ASSERT_TRUE(unresolved);
    EXPECT_EQ(Ids(*unresolved), (Names{"gone"}));
    EXPECT_EQ(In(*list), (Names{"3"}));
}

TEST_F(ViewsTest, AListFromAViewIsACopy) {
    call::CreateListViewFromView create;
    create.self = host::ViewManagerRef();
    create.view = Container(host::RootFolderRef(), {"VirtualMachine"});
    auto list = Do(create);
    ASSERT_TRUE(list);
    AddVm("2");
    EXPECT_EQ(In(*list), (Names{"1"}));
    call::ResetListViewFromView reset;
    reset.self = *list;
    reset.view = create.view;
    ASSERT_TRUE(Do(reset));
    EXPECT_EQ(In(*list), (Names{"1", "2"}));
}

TEST_F(ViewsTest, AnInventoryViewShowsWhatIsOpen) {
    call::CreateInventoryView create;
    create.self = host::ViewManagerRef();
    auto view = Do(create);
    ASSERT_TRUE(view);
    EXPECT_EQ(In(*view), (Names{"ha-folder-root"}));

    call::OpenInventoryViewFolder open;
    open.self = *view;
    open.entity = {host::RootFolderRef(), host::RefTo<vim::Folder>("gone")};
    auto unresolved = Do(open);
    ASSERT_TRUE(unresolved);
    EXPECT_EQ(Ids(*unresolved), (Names{"gone"}));
    EXPECT_EQ(In(*view), (Names{"ha-datacenter", "ha-folder-root"}));
    open.entity = {host::DatacenterRef()};
    ASSERT_TRUE(Do(open));
    EXPECT_EQ(In(*view), (Names{"ha-datacenter", "ha-folder-datastore", "ha-folder-host", "ha-folder-network",
                                "ha-folder-root", "ha-folder-vm"}));

    call::CloseInventoryViewFolder close;
    close.self = *view;
    close.entity = {host::RootFolderRef()};
    ASSERT_TRUE(Do(close));
    EXPECT_EQ(In(*view), (Names{"ha-folder-root"}));
}

TEST_F(ViewsTest, ViewsDieWithTheirSession) {
    vim::Ref view = Container(host::RootFolderRef(), {"VirtualMachine"});
    std::weak_ptr<SessionState> state = sdk.StateOf(session);
    EXPECT_EQ(In(view), (Names{"1"}));
    sessions.Close(session, auth::End::kLogout);
    EXPECT_TRUE(state.expired());
    AddVm("2");                                              // would meet a dead follower
}

}  // namespace
}  // namespace api
