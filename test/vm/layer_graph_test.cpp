#include "vm/layer_graph.h"

#include <gtest/gtest.h>

namespace vm {
namespace {

struct Row {
    const char* name;
    std::vector<std::vector<std::string>> chains;        // from the base up
    std::set<std::string> shown, written;
    std::vector<MergePlan> merges;
    std::vector<std::string> dead;
};
class Graphs : public testing::TestWithParam<Row> {};

TEST_P(Graphs, SayWhatIsNotNeeded) {
    LayerGraph graph{.parent = {}, .shown = GetParam().shown, .written = GetParam().written};
    for (const auto& chain : GetParam().chains) graph.AddChain(chain);
    EXPECT_EQ(PlanMerges(graph), GetParam().merges);
    EXPECT_EQ(DeadEnds(graph), GetParam().dead);
}

INSTANTIATE_TEST_SUITE_P(
    , Graphs,
    testing::Values(
        Row{"no_snapshot", {{"a"}}, {}, {"a"}, {}, {}}, Row{"one_snapshot", {{"a", "1"}}, {"a"}, {"1"}, {}, {}},
        Row{"one_removed", {{"a", "1"}}, {}, {"1"}, {{"a", "1", {}}}, {}},
        Row{"two_removed", {{"a", "1", "2"}}, {}, {"2"}, {{"a", "2", {"1"}}}, {}},
        Row{"the_lower_removed", {{"a", "1", "2"}}, {"1"}, {"2"}, {{"a", "1", {}}}, {}},
        Row{"the_upper_removed", {{"a", "1", "2"}}, {"a"}, {"2"}, {{"1", "2", {}}}, {}},
        Row{"two_apart", {{"a", "1", "2", "3"}}, {"1"}, {"3"}, {{"2", "3", {}}, {"a", "1", {}}}, {}},
        Row{"a_fork_stays", {{"a", "1"}, {"a", "2"}}, {"1"}, {"2"}, {}, {}},
        Row{"above_a_fork", {{"a", "1", "3"}, {"a", "2"}}, {}, {"2", "3"}, {{"1", "3", {}}}, {}},
        Row{"a_branch_left", {{"a", "1"}, {"a", "2"}}, {"a"}, {"2"}, {}, {"1"}},
        Row{"a_long_branch_left", {{"a", "1", "3"}, {"a", "2"}}, {"a"}, {"2"}, {{"1", "3", {}}}, {"3", "1"}}),
    [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace vm
