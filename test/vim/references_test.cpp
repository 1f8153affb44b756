#include "vim/references.h"

#include <gtest/gtest.h>

#include "vim/gen/calls_collector.h"
#include "vim/gen/collector.h"
#include "vim/gen/entity.h"
#include "vim/gen/vm.h"

namespace vim {
namespace {

Ref Vm(const std::string& id) { return {&VirtualMachine::kType, id}; }

TEST(ForEachReference, MeetsThoseInsideAndLeavesOtherHoldersAlone) {
    ObjectSpec from;
    from.obj = Vm("1");
    Ptr<ObjectSpec> held(std::move(from));
    PropertyFilterSpec spec;
    spec.object_set = {held, ObjectSpec()};
    call::CreateFilter request;
    request.self = Vm("not a field");
    request.spec = std::move(spec);

    std::string met;
    ForEachReference(request, [&](Ref& ref) {
        met += ref.id;
        ref.id += "x";
    });
    EXPECT_EQ(met, "1");
    EXPECT_EQ(request.spec->object_set[0]->obj, Vm("1x"));
    EXPECT_EQ(held->obj, Vm("1"));
    EXPECT_EQ(request.self, Vm("not a field"));
}

TEST(ForEachReference, MeetsThoseOfArraysAndOfAnyType) {
    PropertyChange change;
    change.val = Vm("2");
    ResourcePool pool;
    pool.vm = {Vm("3"), Vm("4")};
    std::string met;
    auto note = [&](Ref& ref) { met += ref.id; };
    ForEachReference(change, note);
    ForEachReference(pool, note);
    EXPECT_EQ(met, "234");
}

}  // namespace
}  // namespace vim
