// RetrieveProperties(Ex): selection, paths, permissions, pages, faults.
#include "session_fixture.h"

namespace api {
namespace {

using Objects = std::vector<vim::Ptr<vim::ObjectContent>>;

struct RetrieveTest : SessionFixture {
    vim::Result<Objects> All(vim::PropertyFilterSpec spec) {
        std::vector<vim::Ptr<vim::PropertyFilterSpec>> specs;
        specs.push_back(std::move(spec));
        return rt::RunFor(RetrieveAll(call, computed, std::move(specs)));
    }
    vim::Result<vim::Ptr<vim::RetrieveResult>> Page(vim::PropertyFilterSpec spec, std::optional<int> most) {
        std::vector<vim::Ptr<vim::PropertyFilterSpec>> specs;
        specs.push_back(std::move(spec));
        return rt::RunFor(RetrievePage(call, computed, std::move(specs), most));
    }
};

TEST_F(RetrieveTest, FollowsANamedTraversalAndAnswersThePathVerbatim) {
    Add("1");
    Add("2");
    auto objects = All(VmsOfFolder({"config.hardware.device[2000].connectable.connected", "name"}, true));
    ASSERT_TRUE(objects);
    ASSERT_EQ(objects->size(), 3u);
    EXPECT_EQ((*objects)[0]->obj, kFolder);
    EXPECT_EQ((*objects)[1]->prop_set[0]->name, "config.hardware.device[2000].connectable.connected");
    EXPECT_EQ((*objects)[1]->prop_set.size(), 2u);
}

TEST_F(RetrieveTest, AnUnsetPropertyIsLeftOut) {
    Add("1");
    auto objects = All(VmsOfFolder({"guest", "snapshot.currentSnapshot", "config.hardware.device[9]"}));
    ASSERT_TRUE(objects);
    ASSERT_EQ(objects->size(), 1u);
    EXPECT_TRUE((*objects)[0]->prop_set.empty());
    EXPECT_TRUE((*objects)[0]->missing_set.empty());
}

TEST_F(RetrieveTest, WhatMayNotBeReadIsNamedInTheMissingSet) {
    Add("1");
    hidden_id = "1";
    auto objects = All(VmsOfFolder({"name", "runtime.powerState"}));
    ASSERT_TRUE(objects);
    ASSERT_EQ((*objects)[0]->missing_set.size(), 2u);
    EXPECT_TRUE((*objects)[0]->missing_set[1]->fault->fault.As<vim::NoPermission>());
    EXPECT_TRUE((*objects)[0]->prop_set.empty());
}

TEST_F(RetrieveTest, PagesUntilTheTokenEnds) {
    for (int i = 0; i < 5; ++i) Add(std::to_string(i));
    auto first = Page(VmsOfFolder({"name"}), 2);
    ASSERT_TRUE(first && *first);
    ASSERT_TRUE((*first)->token);
    std::size_t seen = (*first)->objects.size();
    std::string token = *(*first)->token;
    Remove("4");   // a page is of the moment in which the retrieval began
    for (;;) {
        auto next = rt::RunFor(ContinuePage(call, computed, token));
        ASSERT_TRUE(next && *next);
        EXPECT_FALSE(rt::RunFor(ContinuePage(call, computed, token))) << "a token is good once";
        seen += (*next)->objects.size();
        if (!(*next)->token) break;
        token = *(*next)->token;
    }
    EXPECT_EQ(seen, 5u);
}

TEST_F(RetrieveTest, NothingSelectedAnswersNothing) {
    auto page = Page(VmsOfFolder({"name"}), std::nullopt);
    ASSERT_TRUE(page);
    EXPECT_FALSE(*page);
}

struct BadRow {
    const char* name;
    void (*spoil)(vim::PropertyFilterSpec&);
    const vim::Type* fault;
};
class RetrieveRefuses : public RetrieveTest, public testing::WithParamInterface<BadRow> {};
TEST_P(RetrieveRefuses, Spec) {
    Add("1");
    auto spec = VmsOfFolder({"name"});
    GetParam().spoil(spec);
    auto objects = All(std::move(spec));
    ASSERT_FALSE(objects);
    EXPECT_EQ(&objects.error().detail().type(), GetParam().fault) << objects.error().message();
}
INSTANTIATE_TEST_SUITE_P(
    , RetrieveRefuses,
    testing::Values(
        BadRow{"UnknownProperty", [](auto& s) { s.prop_set[0].Mut().path_set = {"nme"}; },
               &vim::InvalidProperty::kType},
        BadRow{"PathOfAnotherType", [](auto& s) { s.prop_set[0].Mut().path_set = {"childEntity"}; },
               &vim::InvalidProperty::kType},
        BadRow{"BrokenPath", [](auto& s) { s.prop_set[0].Mut().path_set = {"config..x"}; },
               &vim::InvalidProperty::kType},
        BadRow{"PathAcrossAReference", [](auto& s) { s.prop_set[0].Mut().path_set = {"parent.name"}; },
               &vim::InvalidProperty::kType},
        BadRow{"UnknownType", [](auto& s) { s.prop_set[0].Mut().type_ = "Nonsense"; }, &vim::InvalidType::kType},
        BadRow{"DataTypeAsManaged", [](auto& s) { s.prop_set[0].Mut().type_ = "AboutInfo"; }, &vim::InvalidType::kType},
        BadRow{"GoneObject", [](auto& s) { s.object_set[0].Mut().obj = VmRef("99"); },
               &vim::ManagedObjectNotFound::kType},
        BadRow{"UnknownSelection",
               [](auto& s) {
                   vim::SelectionSpec nobody;
                   nobody.name = "nobody";
                   s.object_set[0].Mut().select_set = {vim::Ptr<vim::SelectionSpec>(std::move(nobody))};
               },
               &vim::InvalidArgument::kType}),
    [](const auto& i) { return i.param.name; });

TEST_F(RetrieveTest, AGoneObjectIsNoFaultWhenTheSpecAllowsIt) {
    auto spec = VmsOfFolder({"name"});
    spec.object_set[0].Mut().obj = VmRef("99");
    spec.report_missing_objects_in_results = true;
    auto objects = All(std::move(spec));
    ASSERT_TRUE(objects);
    EXPECT_TRUE(objects->empty());
}

TEST_F(RetrieveTest, AllGivesEveryPropertyThatIsSet) {
    Add("1");
    auto spec = VmsOfFolder({});
    spec.prop_set[0].Mut().all = true;
    auto objects = All(std::move(spec));
    ASSERT_TRUE(objects);
    std::set<std::string> names;
    for (const auto& p : (*objects)[0]->prop_set) names.insert(p->name);
    EXPECT_TRUE(names.count("name") && names.count("config") && names.count("runtime"));
    EXPECT_FALSE(names.count("guest"));
}

}  // namespace
}  // namespace api
